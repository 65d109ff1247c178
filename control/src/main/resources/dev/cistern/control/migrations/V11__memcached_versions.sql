-- Whether connections to a Memcached cluster are encrypted, which is decided when it is made, and the engine version that
-- it is to have, now or in the maintenance window, with the parameter group that it has then. Empty when none is to come.

alter table memcached_cluster add column encrypted boolean default false not null;
alter table memcached_cluster add column pending_engine_version varchar(32) default '' not null;
alter table memcached_cluster add column pending_parameter_group varchar(255) default '' not null;
