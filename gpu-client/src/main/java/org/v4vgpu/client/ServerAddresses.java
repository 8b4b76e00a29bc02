package org.v4vgpu.client;

import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.v4v.ChannelAddress;

/** Which servers a program means when it names none: a property, an environment variable, the default, in this order. */
final class ServerAddresses {
    static final String PROPERTY = "v4vgpu.server";
    static final String VARIABLE = "V4VGPU_SERVER";
    static final String DEFAULT = "v4v://1:4840";

    private ServerAddresses() {}

    static String configured() {
        String property = System.getProperty(PROPERTY);
        if (property != null && !property.isBlank()) {
            return property;
        }
        String variable = System.getenv(VARIABLE);
        return variable != null && !variable.isBlank() ? variable : DEFAULT;
    }

    /** @throws IllegalArgumentException with one line, if one of the comma-separated texts is no address */
    static List<ChannelAddress> parse(String text) {
        List<ChannelAddress> addresses = new ArrayList<>();
        for (String each : text.split(",", -1)) {
            addresses.add(ChannelAddress.parse(each.strip()));
        }
        return addresses;
    }
}
