package org.v4vgpu.v4v.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DuplexChannelConfig;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Netty's options, {@link ChannelOption#ALLOW_HALF_CLOSURE} and those of {@link V4vChannelOption}. Safe for any thread. */
public final class V4vChannelConfig extends DefaultChannelConfig implements DuplexChannelConfig {
    private final V4vConnectionOptions options = new V4vConnectionOptions();
    private volatile boolean allowsHalfClosure;

    V4vChannelConfig(V4vChannel channel) {
        super(channel);
    }

    V4vConnectionOptions options() {
        return options;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        return options.addTo(getOptions(super.getOptions(), ChannelOption.ALLOW_HALF_CLOSURE));
    }

    @SuppressWarnings("unchecked") // an option's type is its value's
    @Override
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            return (T) Boolean.valueOf(allowsHalfClosure);
        }
        T ours = options.option(option);
        return ours == null ? super.getOption(option) : ours;
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            allowsHalfClosure = (Boolean) value;
            return true;
        }
        return options.set(option, value) || super.setOption(option, value);
    }

    @Override
    public boolean isAllowHalfClosure() {
        return allowsHalfClosure;
    }

    @Override
    public V4vChannelConfig setAllowHalfClosure(boolean allowHalfClosure) {
        allowsHalfClosure = allowHalfClosure;
        return this;
    }

    @Override
    protected void autoReadCleared() {
        ((V4vChannel) channel).clearReadPending();
    }

    @Override
    public V4vChannelConfig setConnectTimeoutMillis(int connectTimeoutMillis) {
        super.setConnectTimeoutMillis(connectTimeoutMillis);
        return this;
    }

    @Deprecated
    @Override
    public V4vChannelConfig setMaxMessagesPerRead(int maxMessagesPerRead) {
        super.setMaxMessagesPerRead(maxMessagesPerRead);
        return this;
    }

    @Override
    public V4vChannelConfig setWriteSpinCount(int writeSpinCount) {
        super.setWriteSpinCount(writeSpinCount);
        return this;
    }

    @Override
    public V4vChannelConfig setAllocator(ByteBufAllocator allocator) {
        super.setAllocator(allocator);
        return this;
    }

    @Override
    public V4vChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
        super.setRecvByteBufAllocator(allocator);
        return this;
    }

    @Override
    public V4vChannelConfig setAutoRead(boolean autoRead) {
        super.setAutoRead(autoRead);
        return this;
    }

    @Override
    public V4vChannelConfig setAutoClose(boolean autoClose) {
        super.setAutoClose(autoClose);
        return this;
    }

    @Override
    public V4vChannelConfig setMessageSizeEstimator(MessageSizeEstimator estimator) {
        super.setMessageSizeEstimator(estimator);
        return this;
    }

    @Override
    public V4vChannelConfig setWriteBufferWaterMark(WriteBufferWaterMark writeBufferWaterMark) {
        super.setWriteBufferWaterMark(writeBufferWaterMark);
        return this;
    }
}
