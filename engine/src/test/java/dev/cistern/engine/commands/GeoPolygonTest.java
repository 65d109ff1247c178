package dev.cistern.engine.commands;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;

import static dev.cistern.engine.testing.WireReply.array;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static org.assertj.core.api.Assertions.assertThat;

/** GEOSEARCH BYPOLYGON, beside a shape of the JDK's that knows what is inside. */
final class GeoPolygonTest {
    private static final String NEWER = "BYPOLYGON came with Valkey 9.0";
    private static final int ROUNDS = 100 * Integer.getInteger("cistern.effort", 1);
    private static final int PLACES = 200;
    /** Valkey's documentation shows its distances from the middle of this shape. */
    private static final String SICILY = "BYPOLYGON 5 12.41098696654226 38.05033923003755 15.107936245794182 "
            + "38.00616649901906 18.148439288534455 38.63804787603499 17.80831874257693 39.50316813110968 "
            + "12.458468633214036 38.57719533463012";

    private static WireReply search(TestClient client, String arguments) {
        return client.send(arguments.split(" "));
    }

    @WireTest(notOnOriginal = NEWER)
    void distancesAreFromTheMiddle(TestClient client) {
        search(client, "GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 "
                + "17.241510 38.788135 edge2");
        search(client, "GEOSEARCH s " + SICILY).expect(array("Palermo", "edge2"));
        search(client, "GEOSEARCH s " + SICILY + " WITHDIST DESC").expect(
                array(array("edge2", "180861.7725"), array("Palermo", "166482.0159")));
        search(client, "GEOSEARCH s " + SICILY + " COUNT 1").expect(array("Palermo"));
        search(client, "GEOSEARCHSTORE to s " + SICILY + " STOREDIST").expect(integer(2));
        search(client, "ZRANGE to 0 -1").expect(array("Palermo", "edge2"));
        search(client, "GEOSEARCH none " + SICILY).expect(array());
    }

    @WireTest(notOnOriginal = NEWER)
    void wrongShapesAreRefused(TestClient client) {
        search(client, "GEOADD s 1 1 a");
        WireReply few = error("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
        WireReply syntax = error("ERR syntax error");
        search(client, "GEOSEARCH s BYPOLYGON 2 1 1 2 2").expect(few);
        search(client, "GEOSEARCH s BYPOLYGON 3 1 1 2 2 3").expect(few);
        search(client, "GEOSEARCH s BYPOLYGON -1 1 1 2 2 3").expect(few);
        search(client, "GEOSEARCH s BYPOLYGON x 1 1 2 2 3 3").expect(error("ERR invalid number of vertices"));
        search(client, "GEOSEARCH s BYPOLYGON 99999999999 1 1 2 2").expect(error("ERR invalid number of vertices"));
        search(client, "GEOSEARCH s BYPOLYGON 3 1 1 2 2 3 99").expect(
                error("ERR invalid longitude,latitude pair 3.000000,99.000000"));
        String triangle = "BYPOLYGON 3 0 0 3 0 0 3";
        search(client, "GEOSEARCH s " + triangle + " BYBOX 4 4 km").expect(syntax);
        search(client, "GEOSEARCH s " + triangle + " FROMLONLAT 1 1").expect(syntax);
        search(client, "GEOSEARCH s " + triangle + " " + triangle).expect(syntax);
        search(client, "GEOSEARCH s BYBOX 4 4 km " + triangle).expect(syntax);
        search(client, "GEOSEARCH s BYRADIUS 4 km " + triangle).expect(syntax);
        search(client, "GEOSEARCH s FROMMEMBER a " + triangle).expect(syntax);
        search(client, "GEORADIUS s 1 1 1 km " + triangle).expect(syntax);
        search(client, "GEOSEARCH s FROMMEMBER a ASC WITHDIST WITHHASH").expect(
                error("ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for GEOSEARCH"));
        search(client, "GEOSEARCH s " + triangle).expect(array("a"));
    }

    @WireTest(notOnOriginal = NEWER)
    void theSamePlacesAreInsideAsInAShapeOfTheJdk(TestClient client) {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        List<double[]> places = new ArrayList<>();
        for (int i = 0; i < PLACES; i++) {
            search(client, "GEOADD s %s %s %d".formatted(random.nextDouble(-175, 175), random.nextDouble(-70, 70), i));
            List<String> position = search(client, "GEOPOS s " + i).members().getFirst().texts();
            places.add(new double[]{Double.parseDouble(position.getFirst()), Double.parseDouble(position.getLast())});
        }
        for (int round = 0; round < ROUNDS; round++) {
            Path2D shape = new Path2D.Double(Path2D.WIND_EVEN_ODD);
            String request = request(random, shape);
            TreeSet<String> expected = new TreeSet<>();
            for (int i = 0; i < PLACES; i++) {
                if (shape.contains(places.get(i)[0], places.get(i)[1])) {
                    expected.add(Integer.toString(i));
                }
            }
            assertThat(new TreeSet<>(search(client, request).texts())).as("seed %d, %s", seed, request)
                    .isEqualTo(expected);
        }
    }

    /** A polygon that may cross itself; not so wide that the cells around its middle do not hold it, as near the poles. */
    private static String request(SplittableRandom random, Path2D shape) {
        int corners = random.nextInt(3, 12);
        double west = random.nextDouble(-120, 60);
        double south = random.nextDouble(-50, 10);
        double width = random.nextDouble(1, 60);
        double height = random.nextDouble(1, 40);
        StringBuilder request = new StringBuilder("GEOSEARCH s BYPOLYGON " + corners);
        for (int i = 0; i < corners; i++) {
            double longitude = west + random.nextDouble() * width;
            double latitude = south + random.nextDouble() * height;
            request.append(' ').append(longitude).append(' ').append(latitude);
            if (i == 0) {
                shape.moveTo(longitude, latitude);
            } else {
                shape.lineTo(longitude, latitude);
            }
        }
        shape.closePath();
        return request.toString();
    }
}
