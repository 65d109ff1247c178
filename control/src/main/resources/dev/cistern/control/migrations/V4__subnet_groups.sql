-- Cache subnet groups that callers made; the group called default is in the catalogue, as is the network itself.

create table subnet_group (
    account      varchar(64)    not null,
    region       varchar(64)    not null,
    id           varchar(255)   not null,
    version      bigint         not null,
    description  varchar(255)   not null,
    subnet_ids   varchar(4096)  not null,
    primary key (account, region, id)
);

alter table cache_cluster add column subnet_group varchar(255) default 'default' not null;
