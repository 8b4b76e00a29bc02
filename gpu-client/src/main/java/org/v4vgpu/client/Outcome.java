package org.v4vgpu.client;

import org.v4vgpu.proto.CudaStatus;

/**
 * How a call ended. Immutable.
 *
 * @param text what the server says of a failure, on one line; empty where it says nothing
 */
record Outcome(CudaStatus status, String text) {
    static final Outcome SUCCESS = new Outcome(CudaStatus.SUCCESS, "");

    boolean isSuccess() {
        return status.isSuccess();
    }

    boolean isNotReady() {
        return status.code() == CudaStatus.NOT_READY.code();
    }

    /** This one if it is a failure, or else an earlier one, which nobody has been told yet. */
    Outcome orEarlier(Outcome earlier) {
        return isSuccess() ? earlier : this;
    }

    /** @throws CudaException if the call failed; {@code what} says what was called */
    void orThrow(String what) {
        if (!isSuccess()) {
            throw new CudaException(status, text.isEmpty() ? what : what + ": " + text);
        }
    }

    /** What a query says. @throws CudaException if the answer is neither yes nor not yet */
    boolean orThrowUnlessNotReady(String what) {
        if (!isNotReady()) {
            orThrow(what);
        }
        return isSuccess();
    }
}
