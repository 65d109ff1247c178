package dev.cistern.control;

import java.nio.file.Path;

/** A process that makes clusters and replication groups in turn until it is killed, and says which it was answered for. */
final class KilledPlane {

    private KilledPlane() {}

    /** Arguments: the state directory, and the first port. */
    public static void main(String[] arguments) {
        int firstPort = Integer.parseInt(arguments[1]);
        ControlPlane plane = ControlPlane.open(ControlPlaneOptions.of(Path.of(arguments[0]), new FakeNodes())
                .withEndpoints(new EndpointOptions("127.0.0.1", "127.0.0.1", firstPort, firstPort + 299)));
        for (int i = 0; i < 200; i++) {
            String id = (i % 2 == 0 ? "k" : "g") + i;
            if (i % 2 == 0) {
                plane.elastiCache().createCacheCluster(
                        r -> r.cacheClusterId(id).engine("redis").cacheNodeType("cache.t3.micro"));
            } else {
                plane.elastiCache().createReplicationGroup(r -> r.replicationGroupId(id)
                        .replicationGroupDescription("d").engine("redis").cacheNodeType("cache.t3.micro"));
            }
            System.out.println(id);
        }
    }
}
