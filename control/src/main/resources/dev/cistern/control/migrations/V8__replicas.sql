-- A node group has two ports of its own, for its primary and for its replicas. Until now the only node of a group listened
-- on the group's port itself: it gets one of its own, above all that are held.

alter table node_group add column reader_port integer default 0 not null;

create table moved_port as
    select n.bind_address, n.node_id, g.account, g.region, g.id, g.node_group_id, n.port as group_port,
        (select max(port) from port_lease) + row_number() over (order by n.node_id) as node_port
    from node_group g
    join cache_node n on n.account = g.account and n.region = g.region and n.id = g.primary_cluster_id
        and n.port = g.primary_port;

update port_lease set node_id = (select 'group ' || m.account || ' ' || m.region || ' ' || m.id || ' ' || m.node_group_id
        from moved_port m where m.node_id = port_lease.node_id)
    where node_id in (select node_id from moved_port);

insert into port_lease (bind_address, port, node_id) select bind_address, node_port, node_id from moved_port;

update cache_node set port = (select node_port from moved_port m where m.node_id = cache_node.node_id)
    where node_id in (select node_id from moved_port);

update node_group set reader_port = coalesce((select m.node_port + (select count(*) from moved_port) from moved_port m
        where m.account = node_group.account and m.region = node_group.region and m.id = node_group.id
            and m.node_group_id = node_group.node_group_id), 0)
    where reader_port = 0;

insert into port_lease (bind_address, port, node_id)
    select bind_address, node_port + (select count(*) from moved_port), 'group ' || account || ' ' || region || ' ' || id || ' '
        || node_group_id
    from moved_port;

drop table moved_port;

-- Slots that were moved often lie in many ranges.
alter table node_group alter column slots set data type varchar(65535);
alter table node_snapshot alter column slots set data type varchar(65535);
