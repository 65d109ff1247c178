resource "aws_elasticache_parameter_group" "shop" {
  name        = "shop"
  family      = "valkey8"
  description = "values of the shop"
  parameter {
    name  = "timeout"
    value = "@TIMEOUT@"
  }
  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }
  tags = { team = "@TEAM@" }
}
resource "aws_security_group" "web" {
  name        = "web"
  description = "of the web"
  ingress {
    from_port   = @PORT@
    to_port     = @PORT@
    protocol    = "tcp"
    cidr_blocks = ["@FROM@"]
  }
  tags = { team = "@TEAM@" }
}
resource "aws_elasticache_subnet_group" "shop" {
  name        = "shop"
  description = "of @TEAM@"
  subnet_ids  = [@SUBNETS@]
}
resource "aws_elasticache_user" "ann" {
  user_id       = "ann"
  user_name     = "ann"
  engine        = "valkey"
  access_string = "@ACCESS@"
  passwords     = ["correct-horse-battery"]
  tags          = { team = "@TEAM@" }
}
resource "aws_elasticache_user" "closed" {
  user_id       = "closed"
  user_name     = "default"
  engine        = "redis"
  access_string = "off -@all"
  authentication_mode {
    type      = "password"
    passwords = ["another-staple-of-it"]
  }
}
resource "aws_elasticache_replication_group" "shop" {
  replication_group_id = "shop"
  description          = "cache of @TEAM@"
  engine               = "valkey"
  node_type            = "cache.t4g.micro"
  num_cache_clusters   = 1
  port                 = @PORT@
  parameter_group_name = aws_elasticache_parameter_group.shop.name
  user_group_ids       = [@USERS@]
  security_group_ids   = [aws_security_group.web.id]
  subnet_group_name    = aws_elasticache_subnet_group.shop.name
  kms_key_id           = "@KEY@"
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  apply_immediately    = true
  tags                 = { team = "@TEAM@" }
}
