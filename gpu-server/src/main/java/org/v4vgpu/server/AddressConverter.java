package org.v4vgpu.server;

import org.v4vgpu.v4v.ChannelAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Addresses on the command line, for picocli. */
public final class AddressConverter implements ITypeConverter<ChannelAddress> {
    @Override
    public ChannelAddress convert(String text) {
        try {
            return ChannelAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
