package dev.cistern.engine.commands;

/**
 * Places on the earth as 52-bit numbers, and the cells of the grid that they are numbered by.
 *
 * <p>A place's longitude and latitude are cut in halves again and again; a bit says which half. The bits of both stand in
 * turn, so that places with a common beginning are near one another, and a cell is a range of numbers. The arithmetic is
 * that of the original, operation by operation, as its results are compared byte by byte. Stateless; any thread.
 */
final class GeoArea {
    static final double LONGITUDE_MAX = 180;
    static final double LATITUDE_MAX = 85.05112878;
    static final int STEPS = 26;

    static final double EARTH_RADIUS_METERS = 6372797.560856;
    private static final double MERCATOR_MAX = 20037726.37;
    static final double RADIANS = Math.PI / 180;

    private static final long LATITUDE_BITS = 0x5555_5555_5555_5555L;
    private static final long LONGITUDE_BITS = LATITUDE_BITS << 1;

    /** No cell: what a search leaves out. */
    static final long NONE = -1;

    private GeoArea() {}

    // --- numbers of places ---

    static boolean isOnMap(double longitude, double latitude) {
        return longitude >= -LONGITUDE_MAX && longitude <= LONGITUDE_MAX && latitude >= -LATITUDE_MAX
                && latitude <= LATITUDE_MAX;
    }

    static long encode(double longitude, double latitude, int steps) {
        return encode(longitude, latitude, LATITUDE_MAX, steps);
    }

    /** With other poles: the public notation of geohashes goes up to 90 degrees. */
    static long encode(double longitude, double latitude, double latitudeMax, int steps) {
        double y = (latitude + latitudeMax) / (latitudeMax + latitudeMax) * (1L << steps);
        double x = (longitude + LONGITUDE_MAX) / (LONGITUDE_MAX + LONGITUDE_MAX) * (1L << steps);
        return spread((long) y & 0xFFFF_FFFFL) | spread((long) x & 0xFFFF_FFFFL) << 1;
    }

    private static long spread(long bits) {
        return Long.expand(bits, LATITUDE_BITS);
    }

    static double longitude(long bits) {
        return middle(Long.compress(bits, LONGITUDE_BITS), LONGITUDE_MAX, STEPS);
    }

    static double latitude(long bits) {
        return middle(Long.compress(bits, LATITUDE_BITS), LATITUDE_MAX, STEPS);
    }

    private static double middle(long part, double max, int steps) {
        double value = (edge(part, max, steps) + edge(part + 1, max, steps)) / 2;
        return Math.max(-max, Math.min(max, value));
    }

    /** Where the part with this number begins. */
    private static double edge(long part, double max, int steps) {
        return -max + part * 1.0 / (1L << steps) * (max + max);
    }

    // --- distances ---

    static double distanceMeters(double longitude, double latitude, double otherLongitude, double otherLatitude) {
        double v = Math.sin((otherLongitude * RADIANS - longitude * RADIANS) / 2);
        if (v == 0) {
            return latitudeMeters(latitude, otherLatitude);
        }
        double from = latitude * RADIANS;
        double to = otherLatitude * RADIANS;
        double u = Math.sin((to - from) / 2);
        double a = u * u + Math.cos(from) * Math.cos(to) * v * v;
        return 2.0 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(a));
    }

    static double latitudeMeters(double latitude, double other) {
        return EARTH_RADIUS_METERS * Math.abs(other * RADIANS - latitude * RADIANS);
    }

    // --- cells ---

    /** The first number of a cell of so many steps. */
    static long firstNumber(long cell, int steps) {
        return cell << (2 * STEPS - 2 * steps);
    }

    /** The cells, up to nine, that together hold what is within these distances of a place; the place's own is first. */
    static Cells around(double longitude, double latitude, double widthMeters, double heightMeters,
            double radiusMeters) {
        return within(longitude, latitude, Box.around(longitude, latitude, widthMeters, heightMeters), radiusMeters);
    }

    /** The same for a shape within a box of degrees, of which no corner is farther from the place than that. */
    static Cells within(double longitude, double latitude, Box box, double radiusMeters) {
        int steps = estimateSteps(radiusMeters, latitude);
        long center = encode(longitude, latitude, steps);
        if (steps > 1 && isTooFine(center, steps, box)) {
            steps--;
            center = encode(longitude, latitude, steps);
        }
        long[] cells = {center, move(center, 0, 1, steps), move(center, 0, -1, steps), move(center, 1, 0, steps),
                move(center, -1, 0, steps), move(center, 1, 1, steps), move(center, -1, 1, steps),
                move(center, 1, -1, steps), move(center, -1, -1, steps)};
        if (steps >= 2) {
            leaveOut(cells, center, steps, box);
        }
        return new Cells(cells, steps);
    }

    /** Cells to search, one after the other. */
    static final class Cells {
        /** {@link GeoArea#NONE} is left out. */
        final long[] numbers;
        /** How often the map was cut for them. */
        final int steps;

        Cells(long[] numbers, int steps) {
            this.numbers = numbers;
            this.steps = steps;
        }
    }

    /** The edges, in degrees, between which a shape lies. */
    record Box(double west, double south, double east, double north) {
        static Box around(double longitude, double latitude, double widthMeters, double heightMeters) {
            double up = heightMeters / EARTH_RADIUS_METERS / RADIANS;
            double nearerPole = latitude < 0 ? latitude - up : latitude + up;
            double aside = widthMeters / EARTH_RADIUS_METERS / Math.cos(nearerPole * RADIANS) / RADIANS;
            return new Box(longitude - aside, latitude - up, longitude + aside, latitude + up);
        }
    }

    private static int estimateSteps(double radiusMeters, double latitude) {
        if (radiusMeters == 0) {
            return STEPS;
        }
        int steps = 1;
        for (double range = radiusMeters; range < MERCATOR_MAX; range *= 2) {
            steps++;
        }
        // The place may be at the edge of its cell, and cells get narrower towards the poles.
        steps -= 2;
        steps -= Math.abs(latitude) > 80 ? 2 : Math.abs(latitude) > 66 ? 1 : 0;
        return Math.max(1, Math.min(STEPS, steps));
    }

    /** Whether the neighbours end before the box does. */
    private static boolean isTooFine(long center, int steps, Box box) {
        return north(move(center, 0, 1, steps), steps) < box.north
                || south(move(center, 0, -1, steps), steps) > box.south
                || east(move(center, 1, 0, steps), steps) < box.east
                || west(move(center, -1, 0, steps), steps) > box.west;
    }

    private static void leaveOut(long[] cells, long center, int steps, Box box) {
        if (south(center, steps) < box.south) {
            leaveOut(cells, 2, 7, 8);
        }
        if (north(center, steps) > box.north) {
            leaveOut(cells, 1, 5, 6);
        }
        if (west(center, steps) < box.west) {
            leaveOut(cells, 4, 8, 6);
        }
        if (east(center, steps) > box.east) {
            leaveOut(cells, 3, 7, 5);
        }
    }

    private static void leaveOut(long[] cells, int... places) {
        for (int place : places) {
            cells[place] = NONE;
        }
    }

    private static double south(long cell, int steps) {
        return edge(Long.compress(cell, LATITUDE_BITS), LATITUDE_MAX, steps);
    }

    private static double north(long cell, int steps) {
        return edge(Long.compress(cell, LATITUDE_BITS) + 1, LATITUDE_MAX, steps);
    }

    private static double west(long cell, int steps) {
        return edge(Long.compress(cell, LONGITUDE_BITS), LONGITUDE_MAX, steps);
    }

    private static double east(long cell, int steps) {
        return edge(Long.compress(cell, LONGITUDE_BITS) + 1, LONGITUDE_MAX, steps);
    }

    /** The cell so many to the east and to the north; beyond an edge of the map begins the other side. */
    private static long move(long cell, int east, int north, int steps) {
        long mask = (1L << steps) - 1;
        long x = Long.compress(cell, LONGITUDE_BITS) + east & mask;
        long y = Long.compress(cell, LATITUDE_BITS) + north & mask;
        return spread(y) | spread(x) << 1;
    }
}
