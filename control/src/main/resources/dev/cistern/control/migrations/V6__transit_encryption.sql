-- How connections to a replication group are encrypted; a group without a row is plain.

create table transit_encryption (
    account  varchar(64)  not null,
    region   varchar(64)  not null,
    id       varchar(40)  not null,
    version  bigint       not null,
    mode     varchar(16)  not null,
    pending  varchar(16),
    primary key (account, region, id)
);
