package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedSets;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands on places: members of a sorted set whose scores are numbers of {@link GeoArea}.
 *
 * <p>Not the searches ({@link GeoSearchCommands}). Runs on the loop's thread while the key's stripe is held.
 */
final class GeoCommands {
    static final CommandException NO_UNIT = CommandException.of(
            "ERR unsupported unit provided. please use M, KM, FT, MI");
    private static final String ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
    private static final int HASH_LENGTH = 11;

    static final CommandTable TABLE = CommandTable.of("geo",
            command("GEOADD", -5, key(1).as(RW, UPDATE), WRITE, DENY_OOM).runs(GeoCommands::add),
            command("GEODIST", -4, key(1), READ).runs(GeoCommands::distance),
            command("GEOHASH", -2, key(1), READ).runs(GeoCommands::hash),
            command("GEOPOS", -2, key(1), READ).runs(GeoCommands::position));

    private GeoCommands() {}

    /** GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...] */
    private static void add(Keyspace keyspace, Request request, Reply reply) {
        boolean nx = false;
        boolean xx = false;
        boolean ch = false;
        int first = 2;
        for (boolean isOption = true; isOption && first < request.count();) {
            nx |= request.is(first, "NX");
            xx |= request.is(first, "XX");
            ch |= request.is(first, "CH");
            isOption = request.is(first, "NX") || request.is(first, "XX") || request.is(first, "CH");
            first += isOption ? 1 : 0;
        }
        int arguments = request.count() - first;
        if (arguments % 3 != 0 || (nx && xx)) {
            throw CommandException.SYNTAX_ERROR;
        }
        for (int i = first; i < request.count(); i += 3) {
            numberAt(request, i);
        }
        if (arguments == 0) {
            throw CommandException.SYNTAX_ERROR;
        }
        SortedSets sets = keyspace.sortedSets();
        boolean there = sets.openToChange(request.key(1));
        if (!there) {
            sets.expect(arguments / 3, longestMember(request, first));
        }
        int added = 0;
        int moved = 0;
        for (int i = first; i < request.count(); i += 3) {
            double score = numberAt(request, i);
            if (!sets.find(request.argument(i + 2))) {
                if (!xx) {
                    sets.add(request.argument(i + 2), score);
                    added++;
                }
            } else if (!nx && sets.score() != score) {
                sets.setScore(request.argument(i + 2), score);
                moved++;
            }
        }
        if (added + moved > 0) {
            sets.changed(KeyEvent.ZADD, added + moved);
            sets.endChange();
        }
        reply.integer(ch ? added + moved : added);
    }

    private static int longestMember(Request request, int first) {
        int longest = 0;
        for (int i = first + 2; i < request.count(); i += 3) {
            longest = Math.max(longest, request.argument(i).length());
        }
        return longest;
    }

    private static double numberAt(Request request, int index) {
        return GeoArea.encode(longitudeAt(request, index), request.doubleAt(index + 1), GeoArea.STEPS);
    }

    /** The longitude here, checked together with the latitude behind it. */
    static double longitudeAt(Request request, int index) {
        double longitude = request.doubleAt(index);
        double latitude = request.doubleAt(index + 1);
        if (!GeoArea.isOnMap(longitude, latitude)) {
            throw CommandException.of(String.format(Locale.ROOT, "ERR invalid longitude,latitude pair %s,%s",
                    sixDecimals(longitude), sixDecimals(latitude)));
        }
        return longitude;
    }

    private static String sixDecimals(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        return new BigDecimal(value).setScale(6, RoundingMode.HALF_EVEN).toPlainString();
    }

    /** Meters of a unit. Throws NO_UNIT. */
    static double unitAt(Request request, int index) {
        if (request.is(index, "M")) {
            return 1;
        }
        if (request.is(index, "KM")) {
            return 1000;
        }
        if (request.is(index, "FT")) {
            return 0.3048;
        }
        if (request.is(index, "MI")) {
            return 1609.34;
        }
        throw NO_UNIT;
    }

    /** GEODIST key member member [unit] */
    private static void distance(Keyspace keyspace, Request request, Reply reply) {
        double unit = request.count() == 5 ? unitAt(request, 4) : 1;
        if (request.count() > 5) {
            throw CommandException.SYNTAX_ERROR;
        }
        SortedSets sets = keyspace.sortedSets();
        sets.open(request.key(1));
        if (!sets.find(request.argument(2))) {
            reply.nullBulk();
            return;
        }
        long from = (long) sets.score();
        if (!sets.find(request.argument(3))) {
            reply.nullBulk();
            return;
        }
        long to = (long) sets.score();
        double meters = GeoArea.distanceMeters(GeoArea.longitude(from), GeoArea.latitude(from), GeoArea.longitude(to),
                GeoArea.latitude(to));
        replyDistance(reply, meters / unit);
    }

    /** Distances have four decimals, and are text in every protocol. */
    static void replyDistance(Reply reply, double distance) {
        reply.bulk(new BigDecimal(distance).setScale(4, RoundingMode.HALF_EVEN).toPlainString());
    }

    /** The notation that other programs read, whose last letter has no bits left to say anything. */
    private static void hash(Keyspace keyspace, Request request, Reply reply) {
        SortedSets sets = keyspace.sortedSets();
        sets.open(request.key(1));
        reply.array(request.count() - 2);
        for (int i = 2; i < request.count(); i++) {
            if (sets.find(request.argument(i))) {
                reply.bulk(hashText((long) sets.score()));
            } else {
                reply.nullBulk();
            }
        }
    }

    private static String hashText(long number) {
        long bits = GeoArea.encode(GeoArea.longitude(number), GeoArea.latitude(number), 90, GeoArea.STEPS);
        StringBuilder text = new StringBuilder();
        for (int i = 1; i < HASH_LENGTH; i++) {
            text.append(ALPHABET.charAt((int) (bits >>> (2 * GeoArea.STEPS - 5 * i)) & 31));
        }
        return text.append(ALPHABET.charAt(0)).toString();
    }

    private static void position(Keyspace keyspace, Request request, Reply reply) {
        SortedSets sets = keyspace.sortedSets();
        sets.open(request.key(1));
        reply.array(request.count() - 2);
        for (int i = 2; i < request.count(); i++) {
            if (sets.find(request.argument(i))) {
                replyPosition(reply, (long) sets.score());
            } else {
                reply.nullArray();
            }
        }
    }

    static void replyPosition(Reply reply, long number) {
        reply.array(2);
        reply.realText(coordinate(GeoArea.longitude(number)));
        reply.realText(coordinate(GeoArea.latitude(number)));
    }

    /** With 17 decimals, more than a double has, as the original prints them. */
    private static String coordinate(double degrees) {
        BigDecimal rounded = new BigDecimal(degrees).setScale(17, RoundingMode.HALF_EVEN);
        return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }
}
