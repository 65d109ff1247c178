-- Security groups and their rules. The group called default is in the catalogue until somebody changes its rules. A row of
-- cluster_security_groups says which groups, by commas, a cluster has or, where of_group is true, a replication group; one
-- without a row has the default one.

create table security_group (
    account            varchar(64)   not null,
    region             varchar(64)   not null,
    id                 varchar(64)   not null,
    version            bigint        not null,
    group_name         varchar(255)  not null,
    description        varchar(255)  not null,
    primary key (account, region, id)
);

create table security_group_rule (
    account       varchar(64)   not null,
    region        varchar(64)   not null,
    id            varchar(64)   not null,
    version       bigint        not null,
    group_id      varchar(64)   not null,
    egress        boolean       not null,
    protocol      varchar(16)   not null,
    from_port     integer       not null,
    to_port       integer       not null,
    peer          varchar(128)  not null,
    description   varchar(255)  not null,
    primary key (account, region, id)
);

create index security_group_rule_by_group on security_group_rule (account, region, group_id);

create table cluster_security_groups (
    account    varchar(64)    not null,
    region     varchar(64)    not null,
    id         varchar(64)    not null,
    of_group   boolean        not null,
    version    bigint         not null,
    group_ids  varchar(4096)  not null,
    primary key (account, region, id, of_group)
);
