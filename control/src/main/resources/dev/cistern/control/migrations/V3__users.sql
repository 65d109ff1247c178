-- Users and user groups. Passwords and AUTH tokens are here as SHA-256 only, which is also what nodes are told.

create table cache_user (
    account                 varchar(64)    not null,
    region                  varchar(64)    not null,
    id                      varchar(64)    not null,
    version                 bigint         not null,
    user_name               varchar(128)   not null,
    engine                  varchar(16)    not null,
    status                  varchar(16)    not null,
    access_string           varchar(65535) not null,
    authentication          varchar(16)    not null,
    password_hash           varchar(64),
    other_hash              varchar(64),
    minimum_engine_version  varchar(16)    not null,
    primary key (account, region, id)
);

create table user_group (
    account  varchar(64)  not null,
    region   varchar(64)  not null,
    id       varchar(64)  not null,
    version  bigint       not null,
    status   varchar(16)  not null,
    engine   varchar(16)  not null,
    primary key (account, region, id)
);

create table user_group_member (
    account  varchar(64)  not null,
    region   varchar(64)  not null,
    id       varchar(64)  not null,
    user_id  varchar(64)  not null,
    version  bigint       not null,
    state    varchar(16)  not null,
    primary key (account, region, id, user_id)
);

create index user_group_member_by_user on user_group_member (account, region, user_id);

alter table replication_group add column user_group_id varchar(64);
alter table replication_group add column pending_user_group_add varchar(64);
alter table replication_group add column pending_user_group_remove varchar(64);
alter table replication_group add column token_hash varchar(64);
alter table replication_group add column older_token_hash varchar(64);
alter table replication_group add column token_optional boolean default false not null;
alter table replication_group add column pending_token varchar(16);
alter table replication_group add column token_changed_at_millis bigint;
