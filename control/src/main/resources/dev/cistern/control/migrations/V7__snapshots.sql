-- Snapshots, one part for each node group, and when the next automatic one of a source is due.

create table snapshot (
    account                        varchar(64)   not null,
    region                         varchar(64)   not null,
    id                             varchar(255)  not null,
    version                        bigint        not null,
    status                         varchar(32)   not null,
    source                         varchar(16)   not null,
    replication_group_id           varchar(64),
    replication_group_description  varchar(255),
    cache_cluster_id               varchar(64),
    engine                         varchar(16)   not null,
    num_cache_nodes                integer       not null,
    availability_zone              varchar(64)   not null,
    cluster_created_at_millis      bigint        not null,
    port                           integer       not null,
    subnet_group                   varchar(255)  not null,
    automatic_failover             varchar(16),
    engine_version                 varchar(32)   not null,
    cache_node_type                varchar(64)   not null,
    parameter_group                varchar(255)  not null,
    maintenance_window             varchar(32)   not null,
    snapshot_window                varchar(16)   not null,
    snapshot_retention_limit       integer       not null,
    auto_minor_version_upgrade     boolean       not null,
    restores                       integer       not null,
    created_at_millis              bigint        not null,
    primary key (account, region, id)
);

create table node_snapshot (
    account                 varchar(64)   not null,
    region                  varchar(64)   not null,
    id                      varchar(255)  not null,
    node_group_id           varchar(8)    not null,
    version                 bigint        not null,
    cache_cluster_id        varchar(64)   not null,
    cache_node_id           varchar(8)    not null,
    slots                   varchar(1024),
    node_created_at_millis  bigint        not null,
    taken_at_millis         bigint,
    used_bytes              bigint,
    file_bytes              bigint,
    sha256                  varchar(64),
    primary key (account, region, id, node_group_id)
);

create table snapshot_schedule (
    account            varchar(64)   not null,
    region             varchar(64)   not null,
    id                 varchar(64)   not null,
    source_type        varchar(32)   not null,
    version            bigint        not null,
    snapshot_window    varchar(16)   not null,
    created_at_millis  bigint        not null,
    due_at_millis      bigint        not null,
    primary key (account, region, id, source_type)
);

-- A workflow may be about a snapshot, whose name may be longer than a cluster's.
alter table workflow alter column id set data type varchar(255);
