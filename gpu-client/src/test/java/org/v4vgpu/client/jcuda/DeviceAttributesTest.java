package org.v4vgpu.client.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import jcuda.driver.CUdevice_attribute;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What programs are told of a GPU that can everything. */
final class DeviceAttributesTest {
    /** SUPPORTED.md says no to the calls that these are for, or JCuda has none. */
    @ParameterizedTest
    @CsvSource({
        "STREAM_MEM_OPS, cuStreamWriteValue32",
        "STREAM_WAIT_VALUE, cuStreamWaitValue32",
        "FLUSH_REMOTE_WRITES, cuStreamWaitValue32",
        "MULTI_DEVICE_LAUNCH, cuLaunchCooperativeKernelMultiDevice",
        "HANDLE_TYPE, cuMemExportToShareableHandle",
        "VIRTUAL_MEMORY|COMPRESSION, cuMemCreate",
        "PERSISTING_L2|ACCESS_POLICY, cuStreamSetAttribute",
        "CUDA_ARRAY, cuArrayCreate",
        "IPC, cuIpcGetEventHandle",
        "GPU_DIRECT_RDMA|DMA_BUF|SEMAPHORE, cuMemGetHandleForAddressRange",
    })
    void refusedCallsAreNotPromised(String part, String call) throws Exception {
        assertFalse(SupportedCalls.supported().contains("JCudaDriver." + call), call);
        for (int attribute : attributesWith(part)) {
            assertEquals(0, DeviceAttributes.told(attribute, 3), () -> part + " " + attribute);
        }
    }

    @Test
    void neitherAreMulticastNorPrioritiesNorMemoryThatBothSee() throws Exception {
        assertEquals(0, DeviceAttributes.told(132, 1));
        for (String part :
                List.of("STREAM_PRIORITIES", "HOST_NATIVE_ATOMIC", "PAGEABLE", "DIRECT_MANAGED", "MAP_HOST")) {
            for (int attribute : attributesWith(part)) {
                assertEquals(0, DeviceAttributes.told(attribute, 1), part);
            }
        }
    }

    @Test
    void whatTheGpuIsStays() {
        assertEquals(32, DeviceAttributes.told(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32));
        assertEquals(1, DeviceAttributes.told(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH, 1));
        assertEquals(1, DeviceAttributes.told(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY, 0));
    }

    /** Those that JCuda knows by a name that has this in it. */
    private static List<Integer> attributesWith(String part) throws IllegalAccessException {
        Pattern pattern = Pattern.compile(part);
        List<Integer> attributes = new ArrayList<>();
        for (Field field : CUdevice_attribute.class.getFields()) {
            if (pattern.matcher(field.getName()).find()) {
                attributes.add(field.getInt(null));
            }
        }
        assertFalse(attributes.isEmpty(), part);
        return attributes;
    }
}
