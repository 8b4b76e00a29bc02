package org.v4vgpu.v4v.socket;

import java.rmi.Remote;
import java.rmi.RemoteException;

/** A remote object that calls its caller back. */
public interface Greeter extends Remote {
    /** Says hello, and says it to the caller's own object, too. */
    String greet(String name, Hearer hearer) throws RemoteException;

    byte[] echo(byte[] bytes) throws RemoteException;

    void fail() throws RemoteException;
}
