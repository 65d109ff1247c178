-- Where the nodes of a node group lay when its part of a snapshot was taken: null for parts that were taken before this was
-- kept. The replicas' zones are by commas, one for each, and empty when there was none.

alter table node_snapshot add column primary_zone varchar(64);
alter table node_snapshot add column replica_zones varchar(1024);
