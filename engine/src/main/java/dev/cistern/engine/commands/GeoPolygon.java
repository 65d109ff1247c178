package dev.cistern.engine.commands;

/**
 * A shape on the map, with corners joined by straight lines in degrees; where it crosses itself, what it goes around
 * twice is outside.
 *
 * <p>Not a shape on the globe: a line between two corners is no great circle, and none leads over the date line. The
 * arithmetic is that of the original, operation by operation, as results are compared digit by digit. Lives as long as
 * one search.
 */
final class GeoPolygon {
    private final double[] longitudes;
    private final double[] latitudes;
    private final GeoArea.Box box;
    private final double centerLongitude;
    private final double centerLatitude;

    GeoPolygon(double[] longitudes, double[] latitudes) {
        this.longitudes = longitudes;
        this.latitudes = latitudes;
        double west = GeoArea.LONGITUDE_MAX;
        double east = -GeoArea.LONGITUDE_MAX;
        double south = GeoArea.LATITUDE_MAX;
        double north = -GeoArea.LATITUDE_MAX;
        double x = 0;
        double y = 0;
        double z = 0;
        for (int i = 0; i < longitudes.length; i++) {
            west = Math.min(west, longitudes[i]);
            east = Math.max(east, longitudes[i]);
            south = Math.min(south, latitudes[i]);
            north = Math.max(north, latitudes[i]);
            double along = longitudes[i] * GeoArea.RADIANS;
            double up = latitudes[i] * GeoArea.RADIANS;
            x += GeoArea.EARTH_RADIUS_METERS * Math.cos(up) * Math.cos(along);
            y += GeoArea.EARTH_RADIUS_METERS * Math.cos(up) * Math.sin(along);
            z += GeoArea.EARTH_RADIUS_METERS * Math.sin(up);
        }
        // The mean of the corners in space, seen from the middle of the earth.
        x /= longitudes.length;
        y /= longitudes.length;
        z /= longitudes.length;
        box = new GeoArea.Box(west, south, east, north);
        centerLongitude = Math.atan2(y, x) / GeoArea.RADIANS;
        centerLatitude = Math.atan2(z, Math.sqrt(x * x + y * y)) / GeoArea.RADIANS;
    }

    double centerLongitude() {
        return centerLongitude;
    }

    double centerLatitude() {
        return centerLatitude;
    }

    /** The cells that hold it. */
    GeoArea.Cells cells() {
        double reach = 0;
        for (double longitude : new double[]{box.west(), box.east()}) {
            for (double latitude : new double[]{box.south(), box.north()}) {
                reach = Math.max(reach,
                        GeoArea.distanceMeters(centerLongitude, centerLatitude, longitude, latitude));
            }
        }
        return GeoArea.within(centerLongitude, centerLatitude, box, reach);
    }

    /** Whether a line from there to the east crosses the border an odd number of times. */
    boolean contains(double longitude, double latitude) {
        boolean inside = false;
        for (int i = 0, before = longitudes.length - 1; i < longitudes.length; before = i++) {
            inside ^= crosses(i, before, longitude, latitude);
        }
        return inside;
    }

    private boolean crosses(int from, int to, double longitude, double latitude) {
        if ((latitudes[from] > latitude) == (latitudes[to] > latitude)) {
            return false;
        }
        double border = (longitudes[to] - longitudes[from]) * (latitude - latitudes[from])
                / (latitudes[to] - latitudes[from]) + longitudes[from];
        return longitude < border;
    }
}
