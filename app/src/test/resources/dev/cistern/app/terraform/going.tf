resource "aws_elasticache_user_group" "team" {
  user_group_id = "team"
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.ann.user_id, aws_elasticache_user.closed.user_id]
  tags          = { team = "@TEAM@" }
}
resource "aws_elasticache_replication_group" "lone" {
  replication_group_id = "lone"
  description          = "to go"
  engine               = "redis"
  node_type            = "cache.t4g.micro"
  num_cache_clusters   = 1
  port                 = @LONE_PORT@
  transit_encryption_enabled = true
  auth_token           = "the-token-of-the-lone-one"
}
resource "aws_elasticache_parameter_group" "gone" {
  name   = "gone"
  family = "memcached1.6"
  parameter {
    name  = "max_item_size"
    value = "2097152"
  }
}
resource "aws_elasticache_cluster" "one" {
  cluster_id           = "one"
  engine               = "memcached"
  node_type            = "cache.t4g.micro"
  num_cache_nodes      = 1
  parameter_group_name = aws_elasticache_parameter_group.gone.name
}
