-- Parameter groups that callers made; the default ones are in the catalogue. A row of parameter_value is a value that
-- differs from the family's default. What a node was told of them lies with the node, in lines of name=value.

create table parameter_group (
    account      varchar(64)   not null,
    region       varchar(64)   not null,
    id           varchar(255)  not null,
    version      bigint        not null,
    family       varchar(32)   not null,
    description  varchar(255)  not null,
    primary key (account, region, id)
);

create table parameter_value (
    account          varchar(64)   not null,
    region           varchar(64)   not null,
    id               varchar(255)  not null,
    parameter_name   varchar(128)  not null,
    parameter_value  varchar(8192) not null,
    primary key (account, region, id, parameter_name)
);

alter table cache_cluster add column parameters_wait boolean default false not null;
alter table cache_node add column parameters varchar(65535) default '' not null;

create index cache_cluster_by_parameter_group on cache_cluster (account, region, parameter_group);
