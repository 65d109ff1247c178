-- What a cluster has kept of the replication group whose primary it was, and which was deleted around it: how its connections
-- are encrypted, and the AUTH token that it asks for.

create table retained_cluster (
    account                  varchar(64)  not null,
    region                   varchar(64)  not null,
    id                       varchar(50)  not null,
    mode                     varchar(16)  not null,
    token_hash               varchar(64),
    older_token_hash         varchar(64),
    token_optional           boolean      not null,
    token_changed_at_millis  bigint,
    primary key (account, region, id)
);
