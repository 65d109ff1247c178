package dev.cistern.control.resource;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The network that every account has in every region: one VPC, a subnet in each zone, and a security group that lets the local
 * machine in.
 *
 * <p>It is no rows but follows from account and region, so that its ids are the same in every release and on every machine.
 *
 * @param subnets  one for each zone, by zone
 */
public record Network(String vpcId, List<Subnet> subnets, String securityGroupId) {

    private static final String ZONES = "abcdef";
    private static final int ID_LENGTH = 17;

    /** A part of a VPC that lies in one zone. */
    public record Subnet(String subnetId, String zone) {}

    /** The network of an account in a region. */
    public static Network of(ResourceKey place) {
        List<Subnet> subnets = new ArrayList<>();
        for (int i = 0; i < ZONES.length(); i++) {
            String zone = place.region() + ZONES.charAt(i);
            subnets.add(new Subnet(id("subnet-", place, zone), zone));
        }
        return new Network(id("vpc-", place, ""), List.copyOf(subnets), id("sg-", place, "default"));
    }

    public @Nullable Subnet subnet(String subnetId) {
        return subnets.stream().filter(subnet -> subnet.subnetId().equals(subnetId)).findFirst().orElse(null);
    }

    /** AWS's form: seventeen hex digits. Here they are a digest of what the thing is. */
    static String id(String prefix, ResourceKey place, String what) {
        String name = prefix + place.account() + " " + place.region() + " " + what;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return prefix + HexFormat.of().formatHex(digest).substring(0, ID_LENGTH);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
