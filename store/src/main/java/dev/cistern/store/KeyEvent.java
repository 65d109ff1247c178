package dev.cistern.store;

/** What happened to a key, with the original's word and class letter for keyspace notifications. */
public enum KeyEvent {
    // Each on its own line: the formatter leaves what ends in a comment.
    NEW("new", 'n'), //
    SET("set", '$'), //
    APPEND("append", '$'), //
    SETRANGE("setrange", '$'), //
    SETBIT("setbit", '$'), //
    INCRBY("incrby", '$'), //
    INCRBYFLOAT("incrbyfloat", '$'), //
    PFADD("pfadd", '$'), //
    HSET("hset", 'h'), //
    HINCRBY("hincrby", 'h'), //
    HINCRBYFLOAT("hincrbyfloat", 'h'), //
    HDEL("hdel", 'h'), //
    HEXPIRE("hexpire", 'h'), //
    HEXPIRED("hexpired", 'h'), //
    HPERSIST("hpersist", 'h'), //
    SADD("sadd", 's'), //
    SREM("srem", 's'), //
    SPOP("spop", 's'), //
    SINTERSTORE("sinterstore", 's'), //
    SUNIONSTORE("sunionstore", 's'), //
    SDIFFSTORE("sdiffstore", 's'), //
    LPUSH("lpush", 'l'), //
    RPUSH("rpush", 'l'), //
    LPOP("lpop", 'l'), //
    RPOP("rpop", 'l'), //
    LINSERT("linsert", 'l'), //
    LSET("lset", 'l'), //
    LREM("lrem", 'l'), //
    LTRIM("ltrim", 'l'), //
    SORTSTORE("sortstore", 'l'), //
    ZADD("zadd", 'z'), //
    ZINCR("zincr", 'z'), //
    ZREM("zrem", 'z'), //
    ZREMRANGEBYSCORE("zremrangebyscore", 'z'), //
    ZREMRANGEBYRANK("zremrangebyrank", 'z'), //
    ZREMRANGEBYLEX("zremrangebylex", 'z'), //
    ZPOPMIN("zpopmin", 'z'), //
    ZPOPMAX("zpopmax", 'z'), //
    ZUNIONSTORE("zunionstore", 'z'), //
    ZINTERSTORE("zinterstore", 'z'), //
    ZDIFFSTORE("zdiffstore", 'z'), //
    ZRANGESTORE("zrangestore", 'z'), //
    GEORADIUSSTORE("georadiusstore", 'z'), //
    GEOSEARCHSTORE("geosearchstore", 'z'), //
    XADD("xadd", 't'), //
    XDEL("xdel", 't'), //
    XTRIM("xtrim", 't'), //
    XSETID("xsetid", 't'), //
    XGROUP_CREATE("xgroup-create", 't'), //
    XGROUP_SETID("xgroup-setid", 't'), //
    XGROUP_DESTROY("xgroup-destroy", 't'), //
    XGROUP_CREATECONSUMER("xgroup-createconsumer", 't'), //
    XGROUP_DELCONSUMER("xgroup-delconsumer", 't'), //
    DEL("del", 'g'), //
    EXPIRE("expire", 'g'), //
    PERSIST("persist", 'g'), //
    RENAME_FROM("rename_from", 'g'), //
    RENAME_TO("rename_to", 'g'), //
    MOVE_FROM("move_from", 'g'), //
    MOVE_TO("move_to", 'g'), //
    COPY_TO("copy_to", 'g'), //
    RESTORE("restore", 'g'), //
    EXPIRED("expired", 'x'), //
    EVICTED("evicted", 'e'), //
    /** The value's bytes changed, but not what it says: watchers and replicas care, notifications do not. */
    SILENT("", ' ');

    private final String eventName;
    private final char eventClass;

    KeyEvent(String eventName, char eventClass) {
        this.eventName = eventName;
        this.eventClass = eventClass;
    }

    /** The event's word in a notification. */
    public String eventName() {
        return eventName;
    }

    /** The letter of {@code notify-keyspace-events} that selects it. */
    public char eventClass() {
        return eventClass;
    }
}
