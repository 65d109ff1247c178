-- A node group's epoch rises before anything is done that changes who leads it. Whether it is leased says that its primary
-- is known to write under a lease alone, so that it need not be known to have ended before another one leads.

alter table node_group add column epoch bigint default 1 not null;
alter table node_group add column leased boolean default false not null;
