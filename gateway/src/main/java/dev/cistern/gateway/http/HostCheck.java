package dev.cistern.gateway.http;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Refuses what a web page in the user's browser may send here: the attacks on servers that listen on loopback.
 *
 * <p>DNS rebinding: the page's own name resolves to 127.0.0.1, so the browser sends that name as Host. A name is accepted
 * when it cannot be an attacker's: localhost, an address, AWS's own endpoints (clients that are pointed here by a hosts
 * file or a proxy), or one that the operator named. Cross-site requests: a plain form or image needs no permission to be
 * sent, but the browser says where it came from, in Origin or Sec-Fetch-Site. Tools send neither. There are no CORS
 * answers, so no page can read anything.
 */
public final class HostCheck {

    private static final Pattern HOST = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+?)\\.?(:[0-9]{1,5})?");
    private static final Pattern ADDRESS = Pattern.compile("\\[.*]|[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern AWS = Pattern.compile("[a-z0-9-]+\\.[a-z0-9-]+\\.(amazonaws\\.com(\\.cn)?|api\\.aws)");

    private final Set<String> names;
    private final boolean anyName;

    /**
     * @param names    further names, without port
     * @param anyName  whether to accept every name, as a server does that is not on loopback and was given none
     */
    public HostCheck(Set<String> names, boolean anyName) {
        this.names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
        this.anyName = anyName;
    }

    public boolean accepts(WebRequest request) {
        List<String> hosts = request.headers("host");
        return hosts.size() == 1 && isOurs(hosts.getFirst()) && isNoForeignPage(request, hosts.getFirst());
    }

    private boolean isOurs(String hostAndPort) {
        var matcher = HOST.matcher(hostAndPort);
        if (!matcher.matches()) {
            return false;
        }
        String host = matcher.group(1).toLowerCase(Locale.ROOT);
        return anyName
                || host.equals("localhost")
                || host.endsWith(".localhost")
                || ADDRESS.matcher(host).matches()
                || AWS.matcher(host).matches()
                || names.contains(host);
    }

    private static boolean isNoForeignPage(WebRequest request, String host) {
        String origin = request.header("origin");
        String site = request.header("sec-fetch-site");
        boolean ownOrigin = origin == null || origin.equals("http://" + host) || origin.equals("https://" + host);
        return ownOrigin && (site == null || site.equals("same-origin") || site.equals("none"));
    }
}
