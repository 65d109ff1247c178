-- A replication group whose data come from a server that is not ours: until the migration is completed its primary follows
-- that one.

create table migration (
    account  varchar(64)   not null,
    region   varchar(64)   not null,
    id       varchar(40)   not null,
    version  bigint        not null,
    host     varchar(255)  not null,
    port     int           not null,
    state    varchar(16)   not null,
    primary key (account, region, id)
);
