package org.v4vgpu.v4v;

/** A host and a TCP port. Immutable; the name is resolved when it is used. */
public record TcpAddress(String host, int port) implements ChannelAddress {
    public TcpAddress {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("TCP port " + port + " is outside 0 to 65535");
        }
    }

    static TcpAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            if (colon < 1) {
                throw new NumberFormatException("no port");
            }
            String host = text.substring(0, colon);
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            return new TcpAddress(
                    bracketed ? host.substring(1, host.length() - 1) : host,
                    Integer.parseInt(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a TCP address: 'tcp://" + text + "'; use tcp://<host>:<port>", e);
        }
    }

    @Override
    public String toString() {
        return "tcp://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
