-- When node groups were failed over, for a day: by what somebody wished it is rationed, and nothing is to flap.

create table failover (
    account        varchar(64)  not null,
    region         varchar(64)  not null,
    id             varchar(64)  not null,
    node_group_id  varchar(8)   not null,
    at_millis      bigint       not null,
    is_test        boolean      not null,
    primary key (account, region, id, node_group_id, at_millis)
);
