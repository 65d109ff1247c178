package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedScratch;
import dev.cistern.store.SortedSets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.after;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands that find places within a circle, a box or a polygon, and answer or store them.
 *
 * <p>The numbers of the few cells that hold the shape are ranges of scores; what is in them is measured one by one. The
 * found ones wait on the heap, as they may have to be sorted. Runs on the loop's thread while the stripes are held.
 */
final class GeoSearchCommands {
    private static final CommandException NO_RADIUS = CommandException.of("ERR need numeric radius");
    private static final CommandException NEGATIVE_RADIUS = CommandException.of("ERR radius cannot be negative");
    private static final CommandException NO_WIDTH = CommandException.of("ERR need numeric width");
    private static final CommandException NO_HEIGHT = CommandException.of("ERR need numeric height");
    private static final CommandException NEGATIVE_BOX = CommandException.of(
            "ERR height or width cannot be negative");
    private static final CommandException NO_MEMBER = CommandException.of(
            "ERR could not decode requested zset member");
    private static final CommandException NO_VERTICES = CommandException.of("ERR invalid number of vertices");
    private static final CommandException FEW_VERTICES = CommandException.of(
            "ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
    private static final CommandException NO_COUNT = CommandException.of("ERR COUNT must be > 0");
    private static final CommandException ANY_OF_ALL = CommandException.of(
            "ERR the ANY argument requires COUNT argument");

    static final CommandTable TABLE = CommandTable.of("geo",
            command("GEOSEARCH", -7, key(1), READ).runs(runs(Form.SEARCH)),
            command("GEOSEARCHSTORE", -8, key(1).as(OW, UPDATE), key(2).as(RO, ACCESS), WRITE, DENY_OOM)
                    .runs(runs(Form.SEARCH_STORE)),
            command("GEORADIUS", -6, key(1).as(RO, ACCESS), after("STORE", 6, 0, 1, 0).as(OW, UPDATE),
                    after("STOREDIST", 6, 0, 1, 0).as(OW, UPDATE), WRITE, DENY_OOM).runs(runs(Form.RADIUS)),
            command("GEORADIUS_RO", -6, key(1), READ).runs(runs(Form.RADIUS_READ)),
            command("GEORADIUSBYMEMBER", -5, key(1).as(RO, ACCESS), after("STORE", 5, 0, 1, 0).as(OW, UPDATE),
                    after("STOREDIST", 5, 0, 1, 0).as(OW, UPDATE), WRITE, DENY_OOM).runs(runs(Form.BY_MEMBER)),
            command("GEORADIUSBYMEMBER_RO", -5, key(1), READ).runs(runs(Form.BY_MEMBER_READ)));

    private GeoSearchCommands() {}

    /** How a command says what to search, and whether it may store. */
    private enum Form {
        SEARCH(1, 2), SEARCH_STORE(2, 3), RADIUS(1, 6), RADIUS_READ(1, 6), BY_MEMBER(1, 5), BY_MEMBER_READ(1, 5);

        private final int source;
        private final int options;

        Form(int source, int options) {
            this.source = source;
            this.options = options;
        }

        boolean isSearch() {
            return this == SEARCH || this == SEARCH_STORE;
        }

        boolean isByMember() {
            return this == BY_MEMBER || this == BY_MEMBER_READ;
        }

        boolean mayNameTarget() {
            return this == RADIUS || this == BY_MEMBER;
        }
    }

    private static Command.KeyspaceBody runs(Form form) {
        return (keyspace, request, reply) -> new Search(keyspace, request, form).run(reply);
    }

    /** A place that was found. */
    private static final class Found {
        private final byte[] member;
        private final long number;
        private final double meters;

        Found(byte[] member, long number, double meters) {
            this.member = member;
            this.number = number;
            this.meters = meters;
        }
    }

    /** One search. Lives as long as its command. */
    private static final class Search {
        private final Keyspace keyspace;
        private final Request request;
        private final Form form;
        private final SortedSets sets;
        private final boolean there;

        private boolean hasCenter;
        private boolean centerIsMember;
        private double longitude;
        private double latitude;
        private boolean isCircle;
        private boolean isBox;
        private double unit = 1;
        private double radius;
        private double width;
        private double height;
        private @Nullable GeoPolygon polygon;

        private boolean withDistance;
        private boolean withHash;
        private boolean withPosition;
        private boolean any;
        private long count;
        /** 1 for the nearest first, -1 for the farthest, 0 for as they come. */
        private int order;
        private @Nullable Bytes target;
        private boolean storesDistance;

        private final List<Found> found = new ArrayList<>();

        Search(Keyspace keyspace, Request request, Form form) {
            this.keyspace = keyspace;
            this.request = request;
            this.form = form;
            this.sets = keyspace.sortedSets();
            this.there = sets.open(request.key(form.source));
        }

        void run(Reply reply) {
            readFixed();
            readOptions();
            checkOptions();
            if (there) {
                if (count > 0 && order == 0 && !any) {
                    order = 1;
                }
                collect();
                sort();
            }
            Bytes stored = target;
            if (stored == null) {
                answer(reply);
            } else {
                store(stored, reply);
            }
        }

        // --- reading ---

        private void readFixed() {
            if (form == Form.SEARCH_STORE) {
                target = request.key(1);
            } else if (form.isByMember()) {
                if (there) {
                    centerAtMember(2);
                    readRadius(3);
                }
            } else if (!form.isSearch()) {
                centerAt(2);
                readRadius(4);
            }
        }

        private void centerAt(int index) {
            longitude = GeoCommands.longitudeAt(request, index);
            latitude = request.doubleAt(index + 1);
            hasCenter = true;
        }

        private void centerAtMember(int index) {
            hasCenter = true;
            centerIsMember = true;
            if (!there) {
                return;
            }
            if (!sets.find(request.argument(index))) {
                throw NO_MEMBER;
            }
            longitude = GeoArea.longitude((long) sets.score());
            latitude = GeoArea.latitude((long) sets.score());
        }

        private double lengthAt(int index, CommandException otherwise) {
            try {
                return request.doubleAt(index);
            } catch (CommandException e) {
                throw otherwise;
            }
        }

        private void readRadius(int index) {
            radius = lengthAt(index, NO_RADIUS);
            if (radius < 0) {
                throw NEGATIVE_RADIUS;
            }
            unit = GeoCommands.unitAt(request, index + 1);
            isCircle = true;
        }

        private void readBox(int index) {
            width = lengthAt(index, NO_WIDTH);
            height = lengthAt(index + 1, NO_HEIGHT);
            if (width < 0 || height < 0) {
                throw NEGATIVE_BOX;
            }
            unit = GeoCommands.unitAt(request, index + 2);
            isBox = true;
        }

        private void readOptions() {
            int i = form.options;
            while (i < request.count()) {
                int taken = readFlag(i);
                if (taken == 0) {
                    taken = readValue(i, request.count() - i - 1);
                }
                if (taken == 0) {
                    taken = form.isSearch() ? readShape(i, request.count() - i - 1) : readTarget(i);
                }
                if (taken == 0) {
                    throw CommandException.SYNTAX_ERROR;
                }
                i += taken;
            }
        }

        /** Each of these answers how many arguments it took, 0 if it is another option. */
        private int readFlag(int i) {
            if (request.is(i, "WITHDIST")) {
                withDistance = true;
            } else if (request.is(i, "WITHHASH")) {
                withHash = true;
            } else if (request.is(i, "WITHCOORD")) {
                withPosition = true;
            } else if (request.is(i, "ANY")) {
                any = true;
            } else if (request.is(i, "ASC")) {
                order = 1;
            } else if (request.is(i, "DESC")) {
                order = -1;
            } else if (form == Form.SEARCH_STORE && request.is(i, "STOREDIST")) {
                storesDistance = true;
            } else {
                return 0;
            }
            return 1;
        }

        private int readValue(int i, int left) {
            if (left < 1 || !request.is(i, "COUNT")) {
                return 0;
            }
            count = request.longAt(i + 1);
            if (count <= 0) {
                throw NO_COUNT;
            }
            return 2;
        }

        private int readTarget(int i) {
            boolean distance = request.is(i, "STOREDIST");
            if (!form.mayNameTarget() || i + 1 == request.count() || (!distance && !request.is(i, "STORE"))) {
                return 0;
            }
            target = request.key(i + 1);
            storesDistance = distance;
            return 2;
        }

        private int readShape(int i, int left) {
            if (polygon != null) {
                // It has its own center, and no other shape beside it.
                return 0;
            }
            boolean centerIsPlace = hasCenter && !centerIsMember;
            if (left >= 1 && !centerIsPlace && request.is(i, "FROMMEMBER")) {
                centerAtMember(i + 1);
                return 2;
            }
            if (left >= 2 && !centerIsMember && request.is(i, "FROMLONLAT")) {
                centerAt(i + 1);
                return 3;
            }
            if (left >= 2 && !isBox && request.is(i, "BYRADIUS")) {
                readRadius(i + 1);
                return 3;
            }
            if (left >= 3 && !isCircle && request.is(i, "BYBOX")) {
                readBox(i + 1);
                return 4;
            }
            boolean mayBePolygon = left >= 2 && !isCircle && !isBox && !hasCenter;
            return mayBePolygon && request.is(i, "BYPOLYGON") ? readPolygon(i + 1, left - 1) : 0;
        }

        /** A number of corners, and each one's longitude and latitude; {@code left} arguments follow on the number. */
        private int readPolygon(int index, int left) {
            long corners = request.longAt(index, NO_VERTICES);
            if (corners != (int) corners) {
                throw NO_VERTICES;
            }
            if (corners < 3 || left / 2 < corners) {
                throw FEW_VERTICES;
            }
            double[] longitudes = new double[(int) corners];
            double[] latitudes = new double[(int) corners];
            for (int corner = 0; corner < corners; corner++) {
                int at = index + 1 + 2 * corner;
                longitudes[corner] = GeoCommands.longitudeAt(request, at);
                latitudes[corner] = request.doubleAt(at + 1);
            }
            polygon = new GeoPolygon(longitudes, latitudes);
            longitude = polygon.centerLongitude();
            latitude = polygon.centerLatitude();
            hasCenter = true;
            return 2 + 2 * (int) corners;
        }

        private void checkOptions() {
            if (target != null && (withDistance || withHash || withPosition)) {
                throw CommandException.of("ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                        form == Form.SEARCH_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
            }
            if (form.isSearch() && !hasCenter) {
                throw CommandException.of("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %s",
                        request.text(0));
            }
            if (form.isSearch() && !isCircle && !isBox && polygon == null) {
                throw CommandException.of("ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for %s",
                        request.text(0));
            }
            if (any && count == 0) {
                throw ANY_OF_ALL;
            }
        }

        // --- searching ---

        private GeoArea.Cells cells() {
            if (polygon != null) {
                return polygon.cells();
            }
            double halfWidth = unit * (isBox ? width / 2 : radius);
            double halfHeight = unit * (isBox ? height / 2 : radius);
            double reach = isBox ? Math.sqrt(width / 2 * (width / 2) + height / 2 * (height / 2)) : radius;
            return GeoArea.around(longitude, latitude, halfWidth, halfHeight, reach * unit);
        }

        private void collect() {
            GeoArea.Cells cells = cells();
            long before = GeoArea.NONE;
            for (long cell : cells.numbers) {
                // Of a very wide search neighbours may be one and the same.
                if (cell != GeoArea.NONE && cell != before && !isEnough()) {
                    collect(cell, cells.steps);
                    before = cell;
                }
            }
        }

        private boolean isEnough() {
            return any && found.size() >= count;
        }

        private void collect(long cell, int steps) {
            long first = sets.rankOfScore((double) GeoArea.firstNumber(cell, steps), false);
            long behind = sets.rankOfScore((double) GeoArea.firstNumber(cell + 1, steps), false);
            boolean more = first < behind && sets.seek(first);
            for (long rank = first; more && rank < behind && !isEnough(); rank++) {
                long number = (long) sets.score();
                double meters = metersTo(number);
                if (!Double.isNaN(meters)) {
                    found.add(new Found(sets.read(request.view()).toByteArray(), number, meters));
                }
                more = sets.next();
            }
        }

        /** How far it is to a place within the shape; NaN for one that is outside. */
        private double metersTo(long number) {
            double east = GeoArea.longitude(number);
            double north = GeoArea.latitude(number);
            if (polygon != null && !polygon.contains(east, north)) {
                return Double.NaN;
            }
            if (isBox && (GeoArea.latitudeMeters(north, latitude) > height * unit / 2
                    || GeoArea.distanceMeters(east, north, longitude, north) > width * unit / 2)) {
                return Double.NaN;
            }
            double meters = GeoArea.distanceMeters(longitude, latitude, east, north);
            return !isCircle || meters <= radius * unit ? meters : Double.NaN;
        }

        private void sort() {
            if (order != 0) {
                Comparator<Found> nearest = Comparator.comparingDouble(place -> place.meters);
                found.sort(order > 0 ? nearest : nearest.reversed());
            }
            if (count > 0 && count < found.size()) {
                found.subList((int) count, found.size()).clear();
            }
        }

        // --- answering ---

        private void answer(Reply reply) {
            int facts = (withDistance ? 1 : 0) + (withHash ? 1 : 0) + (withPosition ? 1 : 0);
            reply.array(found.size());
            for (Found place : found) {
                if (facts > 0) {
                    reply.array(1 + facts);
                }
                reply.bulk(place.member);
                if (withDistance) {
                    GeoCommands.replyDistance(reply, place.meters / unit);
                }
                if (withHash) {
                    reply.integer(place.number);
                }
                if (withPosition) {
                    GeoCommands.replyPosition(reply, place.number);
                }
            }
        }

        private void store(Bytes key, Reply reply) {
            Bytes member = request.view();
            try (SortedScratch result = keyspace.store().newSortedScratch()) {
                for (Found place : found) {
                    double score = storesDistance ? place.meters / unit : place.number;
                    result.add(place.member, member, score);
                }
                sets.replace(key, result,
                        form.isSearch() ? KeyEvent.GEOSEARCHSTORE : KeyEvent.GEORADIUSSTORE);
            }
            reply.integer(found.size());
        }
    }
}
