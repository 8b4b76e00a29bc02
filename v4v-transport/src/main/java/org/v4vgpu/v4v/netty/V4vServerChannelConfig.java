package org.v4vgpu.v4v.netty;

import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.connection.V4vListener;

/** Netty's options, {@link ChannelOption#SO_BACKLOG} and those of {@link V4vChannelOption}; they count when it is bound. Safe for any thread. */
public final class V4vServerChannelConfig extends DefaultChannelConfig {
    private final V4vConnectionOptions options = new V4vConnectionOptions();
    private volatile int backlog = V4vListener.BACKLOG;

    V4vServerChannelConfig(V4vServerChannel channel) {
        super(channel, new ServerChannelRecvByteBufAllocator());
    }

    V4vConnectionOptions options() {
        return options;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        return options.addTo(getOptions(super.getOptions(), ChannelOption.SO_BACKLOG));
    }

    /** The connections that wait to be accepted. */
    int backlog() {
        return backlog;
    }

    @SuppressWarnings("unchecked") // an option's type is its value's
    @Override
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        if (option.equals(ChannelOption.SO_BACKLOG)) {
            return (T) Integer.valueOf(backlog);
        }
        T ours = options.option(option);
        return ours == null ? super.getOption(option) : ours;
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option.equals(ChannelOption.SO_BACKLOG)) {
            backlog = Math.max(1, (Integer) value);
            return true;
        }
        return options.set(option, value) || super.setOption(option, value);
    }

    @Override
    protected void autoReadCleared() {
        ((V4vServerChannel) channel).clearReadPending();
    }
}
