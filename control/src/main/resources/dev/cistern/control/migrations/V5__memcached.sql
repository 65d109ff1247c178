-- What a Memcached cluster has and others have not: the address and the version of its list of nodes, and nodes that are
-- to come (id, name, zone and port of each, one a line) or to go (ids, one a line), now or in the maintenance window.

create table memcached_cluster (
    account                varchar(64)    not null,
    region                 varchar(64)    not null,
    id                     varchar(64)    not null,
    version                bigint         not null,
    configuration_port     integer        not null,
    configuration_version  bigint         not null,
    pending_add            varchar(65535) not null,
    pending_remove         varchar(1024)  not null,
    primary key (account, region, id)
);
