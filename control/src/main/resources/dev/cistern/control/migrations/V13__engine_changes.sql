-- The engine and the version that a Redis or Valkey cluster is to have, now or in the maintenance window, and the parameter
-- group that it has then.

create table engine_change (
    account          varchar(64)   not null,
    region           varchar(64)   not null,
    id               varchar(50)   not null,
    version          bigint        not null,
    engine           varchar(16)   not null,
    engine_version   varchar(32)   not null,
    parameter_group  varchar(255)  not null,
    primary key (account, region, id)
);
