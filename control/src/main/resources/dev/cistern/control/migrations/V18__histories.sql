-- In which history a node group's primary was last seen writing: when it is lost, a replica that has that one goes before
-- those that have an older one, however much of it.

alter table node_group add column history varchar(64) default '' not null;
