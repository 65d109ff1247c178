package dev.cistern.control.resource;

/** What names a resource: its id is unique within account, region and type. */
public record ResourceKey(String account, String region, String id) {

    /** The same place, another id. */
    public ResourceKey sibling(String otherId) {
        return new ResourceKey(account, region, otherId);
    }

    /** The Amazon Resource Name; {@code type} is {@code cluster}, {@code replicationgroup} and so on, as AWS spells it. */
    public String arn(String type) {
        return "arn:aws:elasticache:" + region + ":" + account + ":" + type + ":" + id;
    }
}
