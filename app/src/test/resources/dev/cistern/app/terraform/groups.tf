resource "aws_elasticache_replication_group" "lone" {
  replication_group_id       = "lone"
  description                = "lone of @TEAM@"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = "@TYPE@"
  num_cache_clusters         = 1
  port                       = @PORT1@
  parameter_group_name       = "default.valkey8"
  transit_encryption_enabled = true
  transit_encryption_mode    = "@ENCRYPTION@"
  apply_immediately          = true
  tags                       = { team = "@TEAM@" }
  # Words of the provider alone: it sends an empty token when they come to a group that it took over.
  lifecycle { ignore_changes = [auth_token_update_strategy, apply_immediately] }
}
resource "aws_elasticache_replication_group" "trio" {
  replication_group_id       = "trio"
  description                = "trio of @TEAM@"
  engine                     = "@ENGINE@"
  engine_version             = "@VERSION@"
  node_type                  = "@TYPE@"
  num_cache_clusters         = @MEMBERS@
  port                       = @PORT2@
  parameter_group_name       = "default.@FAMILY@"
  automatic_failover_enabled = true
  multi_az_enabled           = @FLAG@
  maintenance_window         = "@DAY@:03:00-@DAY@:04:00"
  snapshot_window            = "06:00-07:00"
  snapshot_retention_limit   = @KEPT@
  auto_minor_version_upgrade = @FLAG@
  at_rest_encryption_enabled = false
  apply_immediately          = true
  tags                       = { team = "@TEAM@" }
  lifecycle { ignore_changes = [auth_token_update_strategy, apply_immediately] }
}
resource "aws_elasticache_replication_group" "wide" {
  replication_group_id       = "wide"
  description                = "wide of @TEAM@"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = "cache.t4g.micro"
  num_node_groups            = @PARTS@
  replicas_per_node_group    = @REPLICAS@
  port                       = @PORT3@
  parameter_group_name       = "default.valkey8.cluster.on"
  automatic_failover_enabled = true
  apply_immediately          = true
  tags                       = { team = "@TEAM@" }
  lifecycle { ignore_changes = [auth_token_update_strategy, apply_immediately] }
}
resource "aws_elasticache_cluster" "solo" {
  cluster_id                 = "solo"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "@TYPE@"
  num_cache_nodes            = 1
  port                       = @PORT4@
  parameter_group_name       = "default.redis7"
  maintenance_window         = "@DAY@:03:00-@DAY@:04:00"
  snapshot_window            = "06:00-07:00"
  snapshot_retention_limit   = @KEPT@
  apply_immediately          = true
  tags                       = { team = "@TEAM@" }
  lifecycle { ignore_changes = [apply_immediately] }
}
