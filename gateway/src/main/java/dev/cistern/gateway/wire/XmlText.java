package dev.cistern.gateway.wire;

/**
 * XML as it grows: elements and text, escaped so that a parser gives back what was put in.
 *
 * <p>Knows no shapes. Characters that XML 1.0 cannot carry at all become U+FFFD: better one odd letter than a document
 * that no client can read. Not safe for two threads.
 */
public final class XmlText {

    private static final int INITIAL_CHARS = 1024;
    private static final char REPLACEMENT = '\uFFFD';

    private final StringBuilder out = new StringBuilder(INITIAL_CHARS);

    public XmlText open(String element) {
        out.append('<').append(element).append('>');
        return this;
    }

    public XmlText open(String element, String namespace) {
        out.append('<').append(element).append(" xmlns=\"").append(namespace).append("\">");
        return this;
    }

    public XmlText close(String element) {
        out.append("</").append(element).append('>');
        return this;
    }

    public XmlText empty(String element) {
        out.append('<').append(element).append("/>");
        return this;
    }

    public XmlText leaf(String element, String text) {
        open(element);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                out.append(c).append(text.charAt(++i));
            } else {
                escape(c);
            }
        }
        return close(element);
    }

    public String text() {
        return out.toString();
    }

    private void escape(char c) {
        switch (c) {
            case '&' -> out.append("&amp;");
            case '<' -> out.append("&lt;");
            case '>' -> out.append("&gt;");
            case '"' -> out.append("&quot;");
            // A bare carriage return would be read as a line feed.
            case '\r' -> out.append("&#xD;");
            case '\t', '\n' -> out.append(c);
            default -> out.append(c < ' ' || Character.isSurrogate(c) || c >= '\uFFFE' ? REPLACEMENT : c);
        }
    }
}
