-- Resources by account, region and id; the parts of what AWS describes that Cistern decides itself.
-- Enum columns hold the constants' names. Times are milliseconds since 1970 in UTC.

create table cache_cluster (
    account                     varchar(64)   not null,
    region                      varchar(64)   not null,
    id                          varchar(64)   not null,
    version                     bigint        not null,
    status                      varchar(32)   not null,
    engine                      varchar(16)   not null,
    hash                        varchar(16)   not null,
    availability_zone           varchar(64)   not null,
    num_cache_nodes             integer       not null,
    created_at_millis           bigint        not null,
    replication_group_id        varchar(64),
    node_group_id               varchar(8),
    engine_version              varchar(32)   not null,
    cache_node_type             varchar(64)   not null,
    parameter_group             varchar(255)  not null,
    maintenance_window          varchar(32)   not null,
    snapshot_window             varchar(16)   not null,
    snapshot_retention_limit    integer       not null,
    auto_minor_version_upgrade  boolean       not null,
    pending_node_type           varchar(64),
    primary key (account, region, id)
);

create index cache_cluster_by_group on cache_cluster (account, region, replication_group_id);

create table cache_node (
    account            varchar(64)   not null,
    region             varchar(64)   not null,
    id                 varchar(64)   not null,
    cache_node_id      varchar(8)    not null,
    version            bigint        not null,
    node_id            varchar(128)  not null unique,
    status             varchar(32)   not null,
    wanted             boolean       not null,
    availability_zone  varchar(64)   not null,
    bind_address       varchar(64)   not null,
    port               integer       not null,
    admin_password     varchar(128)  not null,
    created_at_millis  bigint        not null,
    primary key (account, region, id, cache_node_id)
);

create table replication_group (
    account             varchar(64)   not null,
    region              varchar(64)   not null,
    id                  varchar(64)   not null,
    version             bigint        not null,
    status              varchar(32)   not null,
    description         varchar(255)  not null,
    engine              varchar(16)   not null,
    hash                varchar(16)   not null,
    automatic_failover  varchar(16)   not null,
    multi_az            boolean       not null,
    cluster_mode        varchar(16)   not null,
    created_at_millis   bigint        not null,
    primary key (account, region, id)
);

-- The primary endpoint belongs to the node group, not to the node that is primary now.
create table node_group (
    account             varchar(64)   not null,
    region              varchar(64)   not null,
    id                  varchar(64)   not null,
    node_group_id       varchar(8)    not null,
    version             bigint        not null,
    slots               varchar(1024),
    primary_cluster_id  varchar(64)   not null,
    primary_port        integer       not null,
    primary key (account, region, id, node_group_id)
);

-- Who holds a local port. One row for a port that both a node and its group's primary endpoint use.
create table port_lease (
    bind_address  varchar(64)   not null,
    port          integer       not null,
    node_id       varchar(128)  not null,
    primary key (bind_address, port)
);

create table tag (
    arn        varchar(512)  not null,
    tag_key    varchar(128)  not null,
    tag_value  varchar(256)  not null,
    primary key (arn, tag_key)
);

create sequence event_ids;

create table event (
    event_id     bigint         primary key,
    account      varchar(64)    not null,
    region       varchar(64)    not null,
    source_type  varchar(64)    not null,
    source_id    varchar(255)   not null,
    message      varchar(1024)  not null,
    at_millis    bigint         not null
);

create index event_by_time on event (account, region, at_millis);

create sequence workflow_ids;

create table workflow (
    workflow_id        bigint         primary key,
    type               varchar(64)    not null,
    account            varchar(64)    not null,
    region             varchar(64)    not null,
    id                 varchar(64)    not null,
    input              varchar(65535)         not null,
    status             varchar(16)    not null,
    attempts           integer        not null,
    failure            varchar(1024),
    created_at_millis  bigint         not null,
    ended_at_millis    bigint
);

create index workflow_by_status on workflow (status);

create table workflow_step (
    workflow_id     bigint        not null references workflow (workflow_id) on delete cascade,
    name            varchar(255)  not null,
    result          varchar(65535)        not null,
    done_at_millis  bigint        not null,
    primary key (workflow_id, name)
);
