-- Which member of a group automatic snapshots are taken of: null when nobody named one.

alter table replication_group add column snapshotting_cluster_id varchar(50);
