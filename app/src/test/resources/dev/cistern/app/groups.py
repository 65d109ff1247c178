"""Makes groups of 1, 3 and 3 times 2 nodes with boto3, changes what can be changed, and deletes them; waiters end."""
import boto3
import sys

client = boto3.client("elasticache", endpoint_url=sys.argv[1])
PATIENCE = {"Delay": 0.2, "MaxAttempts": 600}


def wait(group, what="available"):
    client.get_waiter("replication_group_" + what).wait(ReplicationGroupId=group, WaiterConfig=PATIENCE)


def found(group):
    return client.describe_replication_groups(ReplicationGroupId=group)["ReplicationGroups"][0]


def member(group):
    return client.describe_cache_clusters(CacheClusterId=found(group)["MemberClusters"][0])["CacheClusters"][0]


def primaries(group):
    members = found(group)["NodeGroups"][0]["NodeGroupMembers"]
    return [node["CacheClusterId"] for node in members if node["CurrentRole"] == "primary"]


def modify(group, **change):
    client.modify_replication_group(ReplicationGroupId=group, ApplyImmediately=True, **change)
    wait(group)


def create(group, engine, **shape):
    client.create_replication_group(ReplicationGroupId=group, ReplicationGroupDescription="first", Engine=engine,
                                    CacheNodeType="cache.t4g.micro", **shape)


def same(what, expected):
    assert what == expected, f"{what} is not {expected}"


create("lone", "valkey")
create("trio", "redis", EngineVersion="7.0", NumCacheClusters=3, AutomaticFailoverEnabled=True, MultiAZEnabled=True)
create("wide", "valkey", NumNodeGroups=3, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True)
for name, members in (("lone", 1), ("trio", 3), ("wide", 6)):
    wait(name)
    same(len(found(name)["MemberClusters"]), members)

modify("trio", ReplicationGroupDescription="second", CacheNodeType="cache.t4g.small")
modify("trio", MultiAZEnabled=False, SnapshotRetentionLimit=2, SnapshottingClusterId="trio-002",
       PreferredMaintenanceWindow="tue:03:00-tue:04:00", SnapshotWindow="06:00-07:00", AutoMinorVersionUpgrade=False)
modify("trio", Engine="valkey", EngineVersion="8.0")
trio = found("trio")
same((trio["Description"], trio["CacheNodeType"], trio["MultiAZ"], trio["Engine"]),
     ("second", "cache.t4g.small", "disabled", "valkey"))
same((trio["SnapshotRetentionLimit"], trio["SnapshottingClusterId"]), (2, "trio-002"))
one = member("trio")
same((one["EngineVersion"], one["PreferredMaintenanceWindow"], one["AutoMinorVersionUpgrade"], one["SnapshotWindow"]),
     ("8.0.1", "tue:03:00-tue:04:00", False, "06:00-07:00"))
client.increase_replica_count(ReplicationGroupId="trio", NewReplicaCount=3, ApplyImmediately=True)
wait("trio")
same(len(found("trio")["MemberClusters"]), 4)
before = primaries("trio")
client.test_failover(ReplicationGroupId="trio", NodeGroupId="0001")
wait("trio")
assert len(before) == len(primaries("trio")) == 1 and before != primaries("trio")
client.decrease_replica_count(ReplicationGroupId="trio", NewReplicaCount=1, ApplyImmediately=True)
wait("trio")
modify("trio", ClusterMode="compatible")
modify("trio", ClusterMode="enabled")
assert found("trio")["ClusterEnabled"] and found("trio")["ConfigurationEndpoint"]["Port"]

client.increase_replica_count(ReplicationGroupId="lone", NewReplicaCount=1, ApplyImmediately=True)
wait("lone")
modify("lone", AutomaticFailoverEnabled=True)
same(found("lone")["AutomaticFailover"], "enabled")
modify("lone", PrimaryClusterId="lone-002", AutomaticFailoverEnabled=False)
same([node["CurrentRole"] for node in found("lone")["NodeGroups"][0]["NodeGroupMembers"]], ["replica", "primary"])
modify("lone", TransitEncryptionEnabled=True, TransitEncryptionMode="preferred")
modify("lone", TransitEncryptionMode="required")
for strategy in ("ROTATE", "SET"):
    modify("lone", AuthToken="a-token-of-sixteen-and-more", AuthTokenUpdateStrategy=strategy)
lone = found("lone")
same((lone["TransitEncryptionMode"], lone["AuthTokenEnabled"]), ("required", True))
assert member("lone")["TransitEncryptionEnabled"]

client.modify_replication_group_shard_configuration(ReplicationGroupId="wide", NodeGroupCount=2, ApplyImmediately=True,
                                                    NodeGroupsToRemove=["0002"])
wait("wide")
same([part["Slots"] for part in found("wide")["NodeGroups"]], ["0-5461,8193-10922", "5462-8192,10923-16383"])
client.modify_replication_group_shard_configuration(ReplicationGroupId="wide", NodeGroupCount=3, ApplyImmediately=True)
wait("wide")
client.increase_replica_count(ReplicationGroupId="wide", NewReplicaCount=2, ApplyImmediately=True)
wait("wide")
same([len(part["NodeGroupMembers"]) for part in found("wide")["NodeGroups"]], [3, 3, 3])
client.decrease_replica_count(ReplicationGroupId="wide", NewReplicaCount=1, ApplyImmediately=True)
wait("wide")
client.test_failover(ReplicationGroupId="wide", NodeGroupId="0003")
wait("wide")
modify("wide", SnapshotRetentionLimit=1)
same((found("wide")["SnapshotRetentionLimit"], found("wide").get("SnapshottingClusterId")), (1, None))
for name in ("lone", "trio", "wide"):
    client.delete_replication_group(ReplicationGroupId=name)
for name in ("lone", "trio", "wide"):
    wait(name, "deleted")
assert not client.describe_cache_clusters()["CacheClusters"]
print("all is well")
