locals {
  want = jsondecode(file("${path.module}/groups.json"))
}
resource "aws_elasticache_parameter_group" "seven" {
  name   = "seven"
  family = "redis7"
  parameter {
    name  = "timeout"
    value = "60"
  }
}
resource "aws_elasticache_parameter_group" "slots" {
  name   = "slots"
  family = "valkey8"
  parameter {
    name  = "cluster-enabled"
    value = "yes"
  }
  parameter {
    name  = "timeout"
    value = "60"
  }
}
resource "aws_elasticache_replication_group" "trio" {
  replication_group_id       = "trio"
  description                = local.want.description
  engine                     = local.want.engine
  engine_version             = local.want.trio_version
  node_type                  = local.want.node_type
  num_cache_clusters         = local.want.trio_nodes
  automatic_failover_enabled = local.want.fails_over
  multi_az_enabled           = local.want.multi_az
  parameter_group_name       = local.want.engine != "redis" ? null : local.want.own_values ? aws_elasticache_parameter_group.seven.name : "default.redis7"
  maintenance_window         = local.want.maintenance_window
  snapshot_window            = local.want.snapshot_window
  snapshot_retention_limit   = local.want.trio_days
  auto_minor_version_upgrade = local.want.minor_upgrades
  transit_encryption_enabled = local.want.encryption != null
  transit_encryption_mode    = local.want.encryption
  auth_token                 = local.want.token
  auth_token_update_strategy = local.want.token_strategy
  cluster_mode               = local.want.cluster_mode
  port                       = local.want.port
  apply_immediately          = true
  tags                       = { team = local.want.team }
}
resource "aws_elasticache_replication_group" "wide" {
  replication_group_id       = "wide"
  description                = local.want.description
  engine                     = "valkey"
  engine_version             = local.want.wide_version
  node_type                  = local.want.node_type
  num_node_groups            = local.want.shards
  replicas_per_node_group    = local.want.replicas
  automatic_failover_enabled = true
  multi_az_enabled           = local.want.multi_az
  parameter_group_name       = local.want.own_values ? aws_elasticache_parameter_group.slots.name : "default.valkey8.cluster.on"
  maintenance_window         = local.want.maintenance_window
  snapshot_window            = local.want.snapshot_window
  snapshot_retention_limit   = local.want.days
  auto_minor_version_upgrade = local.want.minor_upgrades
  port                       = local.want.port - 1
  apply_immediately          = true
  tags                       = { team = local.want.team }
}
resource "aws_elasticache_cluster" "single" {
  cluster_id                 = "single"
  engine                     = "redis"
  engine_version             = local.want.single_version
  node_type                  = local.want.single_type
  num_cache_nodes            = 1
  parameter_group_name       = local.want.own_values ? aws_elasticache_parameter_group.seven.name : "default.redis7"
  maintenance_window         = local.want.maintenance_window
  snapshot_window            = local.want.snapshot_window
  snapshot_retention_limit   = local.want.days
  auto_minor_version_upgrade = local.want.minor_upgrades
  port                       = local.want.port - 2
  apply_immediately          = true
  tags                       = { team = local.want.team }
}
resource "aws_elasticache_cluster" "three" {
  cluster_id         = "three"
  engine             = "memcached"
  engine_version     = local.want.three_version
  node_type          = "cache.t4g.micro"
  num_cache_nodes    = local.want.three_nodes
  az_mode            = "cross-az"
  maintenance_window = local.want.maintenance_window
  port               = local.want.port - 3
  apply_immediately  = true
  tags               = { team = local.want.team }
}
