-- With which key the data of a replication group, or a snapshot's files, are encrypted on the disk; none without a row.

create table at_rest_encryption (
    arn      varchar(255)  not null,
    key_arn  varchar(255)  not null,
    wish     varchar(2048),
    primary key (arn)
);
