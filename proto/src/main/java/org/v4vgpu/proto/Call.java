package org.v4vgpu.proto;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A row of the call table in {@code calls.proto}, typed. Immutable, safe for any thread.
 *
 * @param number what stands in the descriptor
 * @param name the rpc's name, that of the CUDA driver API without its prefix
 * @param oneWay the client does not wait unless it is told to
 * @param releases executed even when an earlier late error is what it returns
 */
public record Call<Q extends MessageLite, R extends MessageLite>(
        int number, String name, boolean oneWay, boolean releases, Parser<Q> requests, Parser<R> replies) {

    private static final List<Call<?, ?>> TABLE = new ArrayList<>();

    public static final Call<HelloRequest, HelloReply> HELLO = row("Hello", HelloRequest.parser(), HelloReply.parser());
    public static final Call<GoodbyeRequest, GoodbyeReply> GOODBYE =
            row("Goodbye", GoodbyeRequest.parser(), GoodbyeReply.parser());
    public static final Call<ServerStatusRequest, ServerStatusReply> SERVER_STATUS =
            row("ServerStatus", ServerStatusRequest.parser(), ServerStatusReply.parser());

    public static final Call<DeviceListRequest, DeviceListReply> DEVICE_LIST =
            row("DeviceList", DeviceListRequest.parser(), DeviceListReply.parser());

    public static final Call<CtxCreateRequest, CtxCreateReply> CTX_CREATE =
            row("CtxCreate", CtxCreateRequest.parser(), CtxCreateReply.parser());
    public static final Call<CtxDestroyRequest, CtxDestroyReply> CTX_DESTROY =
            row("CtxDestroy", CtxDestroyRequest.parser(), CtxDestroyReply.parser());
    public static final Call<CtxSynchronizeRequest, CtxSynchronizeReply> CTX_SYNCHRONIZE =
            row("CtxSynchronize", CtxSynchronizeRequest.parser(), CtxSynchronizeReply.parser());
    public static final Call<CtxSetLimitRequest, CtxSetLimitReply> CTX_SET_LIMIT =
            row("CtxSetLimit", CtxSetLimitRequest.parser(), CtxSetLimitReply.parser());
    public static final Call<CtxGetLimitRequest, CtxGetLimitReply> CTX_GET_LIMIT =
            row("CtxGetLimit", CtxGetLimitRequest.parser(), CtxGetLimitReply.parser());

    public static final Call<PrintfReadRequest, PrintfReadReply> PRINTF_READ =
            row("PrintfRead", PrintfReadRequest.parser(), PrintfReadReply.parser());

    public static final Call<MemAllocRequest, MemAllocReply> MEM_ALLOC =
            row("MemAlloc", MemAllocRequest.parser(), MemAllocReply.parser());
    public static final Call<MemFreeRequest, MemFreeReply> MEM_FREE =
            row("MemFree", MemFreeRequest.parser(), MemFreeReply.parser());
    public static final Call<MemGetInfoRequest, MemGetInfoReply> MEM_GET_INFO =
            row("MemGetInfo", MemGetInfoRequest.parser(), MemGetInfoReply.parser());
    public static final Call<MemFreeAsyncRequest, MemFreeAsyncReply> MEM_FREE_ASYNC =
            row("MemFreeAsync", MemFreeAsyncRequest.parser(), MemFreeAsyncReply.parser());

    public static final Call<WindowOpenRequest, WindowOpenReply> WINDOW_OPEN =
            row("WindowOpen", WindowOpenRequest.parser(), WindowOpenReply.parser());
    public static final Call<WindowCloseRequest, WindowCloseReply> WINDOW_CLOSE =
            row("WindowClose", WindowCloseRequest.parser(), WindowCloseReply.parser());

    public static final Call<MemcpyHtoDRequest, MemcpyHtoDReply> MEMCPY_HTOD =
            row("MemcpyHtoD", MemcpyHtoDRequest.parser(), MemcpyHtoDReply.parser());
    public static final Call<MemcpyDtoHRequest, MemcpyDtoHReply> MEMCPY_DTOH =
            row("MemcpyDtoH", MemcpyDtoHRequest.parser(), MemcpyDtoHReply.parser());
    public static final Call<MemcpyDtoDRequest, MemcpyDtoDReply> MEMCPY_DTOD =
            row("MemcpyDtoD", MemcpyDtoDRequest.parser(), MemcpyDtoDReply.parser());

    public static final Call<MemcpyWindowRequest, MemcpyWindowReply> MEMCPY_WINDOW =
            row("MemcpyWindow", MemcpyWindowRequest.parser(), MemcpyWindowReply.parser());
    public static final Call<MemcpyPeerRequest, MemcpyPeerReply> MEMCPY_PEER =
            row("MemcpyPeer", MemcpyPeerRequest.parser(), MemcpyPeerReply.parser());

    public static final Call<MemsetRequest, MemsetReply> MEMSET =
            row("Memset", MemsetRequest.parser(), MemsetReply.parser());

    public static final Call<ModuleLoadDataRequest, ModuleLoadDataReply> MODULE_LOAD_DATA =
            row("ModuleLoadData", ModuleLoadDataRequest.parser(), ModuleLoadDataReply.parser());
    public static final Call<ModuleUnloadRequest, ModuleUnloadReply> MODULE_UNLOAD =
            row("ModuleUnload", ModuleUnloadRequest.parser(), ModuleUnloadReply.parser());
    public static final Call<ModuleGetFunctionRequest, ModuleGetFunctionReply> MODULE_GET_FUNCTION =
            row("ModuleGetFunction", ModuleGetFunctionRequest.parser(), ModuleGetFunctionReply.parser());
    public static final Call<ModuleGetGlobalRequest, ModuleGetGlobalReply> MODULE_GET_GLOBAL =
            row("ModuleGetGlobal", ModuleGetGlobalRequest.parser(), ModuleGetGlobalReply.parser());
    public static final Call<FuncSetAttributeRequest, FuncSetAttributeReply> FUNC_SET_ATTRIBUTE =
            row("FuncSetAttribute", FuncSetAttributeRequest.parser(), FuncSetAttributeReply.parser());

    public static final Call<LaunchKernelRequest, LaunchKernelReply> LAUNCH_KERNEL =
            row("LaunchKernel", LaunchKernelRequest.parser(), LaunchKernelReply.parser());
    public static final Call<LaunchHostFuncRequest, LaunchHostFuncReply> LAUNCH_HOST_FUNC =
            row("LaunchHostFunc", LaunchHostFuncRequest.parser(), LaunchHostFuncReply.parser());
    public static final Call<NextHostFuncRequest, NextHostFuncReply> NEXT_HOST_FUNC =
            row("NextHostFunc", NextHostFuncRequest.parser(), NextHostFuncReply.parser());

    public static final Call<StreamCreateRequest, StreamCreateReply> STREAM_CREATE =
            row("StreamCreate", StreamCreateRequest.parser(), StreamCreateReply.parser());
    public static final Call<StreamDestroyRequest, StreamDestroyReply> STREAM_DESTROY =
            row("StreamDestroy", StreamDestroyRequest.parser(), StreamDestroyReply.parser());
    public static final Call<StreamSynchronizeRequest, StreamSynchronizeReply> STREAM_SYNCHRONIZE =
            row("StreamSynchronize", StreamSynchronizeRequest.parser(), StreamSynchronizeReply.parser());
    public static final Call<StreamQueryRequest, StreamQueryReply> STREAM_QUERY =
            row("StreamQuery", StreamQueryRequest.parser(), StreamQueryReply.parser());
    public static final Call<StreamWaitEventRequest, StreamWaitEventReply> STREAM_WAIT_EVENT =
            row("StreamWaitEvent", StreamWaitEventRequest.parser(), StreamWaitEventReply.parser());

    public static final Call<EventCreateRequest, EventCreateReply> EVENT_CREATE =
            row("EventCreate", EventCreateRequest.parser(), EventCreateReply.parser());
    public static final Call<EventDestroyRequest, EventDestroyReply> EVENT_DESTROY =
            row("EventDestroy", EventDestroyRequest.parser(), EventDestroyReply.parser());
    public static final Call<EventRecordRequest, EventRecordReply> EVENT_RECORD =
            row("EventRecord", EventRecordRequest.parser(), EventRecordReply.parser());
    public static final Call<EventSynchronizeRequest, EventSynchronizeReply> EVENT_SYNCHRONIZE =
            row("EventSynchronize", EventSynchronizeRequest.parser(), EventSynchronizeReply.parser());
    public static final Call<EventQueryRequest, EventQueryReply> EVENT_QUERY =
            row("EventQuery", EventQueryRequest.parser(), EventQueryReply.parser());
    public static final Call<EventElapsedTimeRequest, EventElapsedTimeReply> EVENT_ELAPSED_TIME =
            row("EventElapsedTime", EventElapsedTimeRequest.parser(), EventElapsedTimeReply.parser());

    public static final Call<ProgramCompilerRequest, ProgramCompilerReply> PROGRAM_COMPILER =
            row("ProgramCompiler", ProgramCompilerRequest.parser(), ProgramCompilerReply.parser());
    public static final Call<ProgramCompileRequest, ProgramCompileReply> PROGRAM_COMPILE =
            row("ProgramCompile", ProgramCompileRequest.parser(), ProgramCompileReply.parser());

    public static final Call<BlasComputeRequest, BlasComputeReply> BLAS_COMPUTE =
            row("BlasCompute", BlasComputeRequest.parser(), BlasComputeReply.parser());
    public static final Call<BlasReduceRequest, BlasReduceReply> BLAS_REDUCE =
            row("BlasReduce", BlasReduceRequest.parser(), BlasReduceReply.parser());
    public static final Call<BlasOpenRequest, BlasOpenReply> BLAS_OPEN =
            row("BlasOpen", BlasOpenRequest.parser(), BlasOpenReply.parser());

    /** Every call, in the order of the table. */
    public static List<Call<?, ?>> table() {
        return Collections.unmodifiableList(TABLE);
    }

    /**
     * Whether the call of that number is there for the bytes that it moves between host and device: copies, and modules that are loaded. A
     * launch, whose parameters are a payload too, is not.
     */
    public static boolean isCopy(int number) {
        return number == MEMCPY_HTOD.number
                || number == MEMCPY_DTOH.number
                || number == MEMCPY_WINDOW.number
                || number == MODULE_LOAD_DATA.number;
    }

    @Override
    public String toString() {
        return name;
    }

    private static <Q extends MessageLite, R extends MessageLite> Call<Q, R> row(
            String name, Parser<Q> requests, Parser<R> replies) {
        MethodDescriptor method = Service.GPU.findMethodByName(name);
        CallOptions options = method.getOptions().getExtension(Calls.call);
        Call<Q, R> call =
                new Call<>(options.getNumber(), name, options.getOneWay(), options.getReleases(), requests, replies);
        TABLE.add(call);
        return call;
    }

    /** The service's descriptor, in a holder so that it exists before the first row. */
    static final class Service {
        static final ServiceDescriptor GPU = Calls.getDescriptor().findServiceByName("Gpu");

        private Service() {}
    }
}
