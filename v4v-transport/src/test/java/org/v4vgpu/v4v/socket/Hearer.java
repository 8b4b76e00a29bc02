package org.v4vgpu.v4v.socket;

import java.rmi.Remote;
import java.rmi.RemoteException;

/** A callback: a remote object of the client. */
public interface Hearer extends Remote {
    void hear(String text) throws RemoteException;
}
