package dev.cistern.samples.hybrid;

import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The databases that the demo speaks to, each with the shape of its JDBC addresses and its way of quoting. */
public enum DatabaseProfile {

    H2("jdbc:h2:tcp://", 9092), MARIADB("jdbc:mariadb://", 3306), MYSQL("jdbc:mysql://",
            3306), POSTGRESQL("jdbc:postgresql://", 5432);

    /** host, or [an IPv6 address], then perhaps a port, then the rest from the slash on. */
    private static final Pattern HOST_PORT = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[\\w.-]+)(?::(\\d{1,5}))?(/.*)?");

    /**
     * The options that an address may have. Drivers know others that load classes, read files, run statements or send
     * passwords elsewhere, and each release more of them; the driver runs with the rights of this process, and the page's
     * user must not reach those. So what is not known to be harmless is refused.
     */
    private static final Set<String> HARMLESS = Set.of("user", "ssl", "sslmode", "currentschema", "applicationname",
            "connecttimeout", "sockettimeout", "logintimeout", "tcpkeepalive", "preferquerymode", "preparethreshold",
            "defaultrowfetchsize", "targetservertype", "stringtype", "usessl", "requiressl", "verifyservercertificate",
            "trustservercertificate", "allowpublickeyretrieval", "connectiontimezone", "servertimezone", "timezone",
            "forceconnectiontimezonetosession", "useunicode", "characterencoding", "connectioncollation",
            "tinyint1isbit", "zerodatetimebehavior", "usecompression", "rewritebatchedstatements", "usebulkstmts",
            "useserverprepstmts", "usecursorfetch", "defaultfetchsize", "mode", "schema", "database_to_upper",
            "database_to_lower", "case_insensitive_identifiers");

    private final String prefix;
    private final int usualPort;

    DatabaseProfile(String prefix, int usualPort) {
        this.prefix = prefix;
        this.usualPort = usualPort;
    }

    /** Where a database is: the parts of its address. */
    public record Address(DatabaseProfile profile, InetSocketAddress server, String rest) {

        /** What the driver is told to reach it directly. */
        String direct() {
            return profile.prefix + server.getHostString() + ":" + server.getPort() + rest;
        }

        /** The same database, reached by another port of this machine. */
        String through(int port) {
            return profile.prefix + "127.0.0.1:" + port + rest;
        }
    }

    /**
     * Takes an address apart.
     *
     * @throws IllegalArgumentException it is none that the demo can use; the message says why
     */
    public static Address read(String jdbcUrl) {
        String url = served(jdbcUrl.strip());
        for (DatabaseProfile profile : values()) {
            if (url.regionMatches(true, 0, profile.prefix, 0, profile.prefix.length())) {
                return profile.address(url.substring(profile.prefix.length()));
            }
        }
        throw new IllegalArgumentException("write the database's address as jdbc:postgresql://host:port/name,"
                + " jdbc:mariadb://host:port/name or jdbc:mysql://host:port/name");
    }

    /** MariaDB's driver serves MySQL too, but answers to its own name only. */
    private static String served(String url) {
        String other = url.replaceFirst("(?i)^jdbc:mysql://", MARIADB.prefix);
        return !JdbcDriver.isThereFor(url) && JdbcDriver.isThereFor(other) ? other : url;
    }

    private Address address(String rest) {
        Matcher parts = HOST_PORT.matcher(rest);
        if (!parts.matches()) {
            throw new IllegalArgumentException("the address needs one host, perhaps a port, and a database:"
                    + " host:port/name");
        }
        requireHarmless(rest);
        int port = parts.group(2) == null ? usualPort : Integer.parseInt(parts.group(2));
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("a port is 1 to 65535: " + port);
        }
        String host = parts.group(1).replace("[", "").replace("]", "");
        String tail = parts.group(3) == null ? "/" : parts.group(3);
        return new Address(this, new InetSocketAddress(host, port), tail);
    }

    private static void requireHarmless(String rest) {
        String[] parts = rest.split("[?&;]", -1);
        if (parts[0].contains("%")) {
            throw new IllegalArgumentException("the sign % is not for the name of a database here");
        }
        for (int at = 1; at < parts.length; at++) {
            String name = parts[at].replaceFirst("=.*", "");
            if (!HARMLESS.contains(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException("the option " + name + " is not for this page");
            }
        }
    }
}
