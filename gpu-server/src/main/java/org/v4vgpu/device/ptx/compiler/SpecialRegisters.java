package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/** Special registers. Source: PTX ISA 10. */
final class SpecialRegisters {
    private SpecialRegisters() {}

    static Type type(String name) {
        return switch (name) {
            case "%clock64", "%globaltimer" -> Type.U64;
            default -> Type.U32;
        };
    }

    static void push(Emitter e, Instruction at, String name) {
        CodeBuilder code = e.code;
        switch (name) {
            case "%tid.x" -> thread(e, "tidX");
            case "%tid.y" -> thread(e, "tidY");
            case "%tid.z" -> thread(e, "tidZ");
            case "%ntid.x" -> field(e, "ntidX");
            case "%ntid.y" -> field(e, "ntidY");
            case "%ntid.z" -> field(e, "ntidZ");
            case "%ctaid.x" -> field(e, "ctaidX");
            case "%ctaid.y" -> field(e, "ctaidY");
            case "%ctaid.z" -> field(e, "ctaidZ");
            case "%nctaid.x" -> field(e, "nctaidX");
            case "%nctaid.y" -> field(e, "nctaidY");
            case "%nctaid.z" -> field(e, "nctaidZ");
            case "%laneid" -> lane(e);
            case "%warpid" -> code.iload(e.thread).iconst_5().iushr();
            case "%nwarpid" -> {
                field(e, "threads");
                code.loadConstant(31).iadd().iconst_5().iushr();
            }
            case "%lanemask_eq" -> {
                code.iconst_1();
                lane(e);
                code.ishl();
            }
            case "%lanemask_lt" -> below(e, -1, false);
            case "%lanemask_le" -> below(e, -2, true);
            case "%lanemask_ge" -> below(e, -1, true);
            case "%lanemask_gt" -> below(e, -2, false);
            case "%clock", "%clock_hi", "%clock64", "%globaltimer" -> {
                code.invokestatic(
                        Emitter.descriptor(System.class), "nanoTime", MethodTypeDesc.of(ConstantDescs.CD_long));
                if (name.equals("%clock_hi")) {
                    code.loadConstant(32).lushr();
                }
                if (type(name) == Type.U32) {
                    code.l2i();
                }
            }
            case "%smid" -> code.iconst_0();
            case "%nsmid" -> code.iconst_1();
            case "%gridid" -> code.iconst_0();
            case "%dynamic_smem_size" -> field(e, "dynamicSharedBytes");
            case "%total_smem_size" -> field(e, "sharedBytes");
            // The address of what the blocks of a grid wait with. Source: cooperative_groups/details/driver_abi.h.
            case "%envreg1", "%envreg2" -> {
                code.aload(e.block).getfield(Emitter.BLOCK, "workspace", ConstantDescs.CD_long);
                if (name.equals("%envreg1")) {
                    code.loadConstant(32).lushr();
                }
                code.l2i();
            }
            default -> throw e.refusal(at, name + " is neither declared nor a special register that is supported");
        }
    }

    private static void thread(Emitter e, String field) {
        e.pushField(field, Emitter.INTS);
        e.code.iload(e.thread).iaload();
    }

    private static void field(Emitter e, String name) {
        e.pushField(name, ConstantDescs.CD_int);
    }

    private static void lane(Emitter e) {
        e.code.iload(e.thread).loadConstant(31).iand();
    }

    /** {@code start << lane}, inverted for the masks of lower lanes. ge: -1 << n; lt: its inverse; gt: -2 << n; le: its inverse. */
    private static void below(Emitter e, int start, boolean second) {
        e.code.loadConstant(start);
        lane(e);
        e.code.ishl();
        if (start == -1 ? !second : second) {
            e.code.iconst_m1().ixor();
        }
    }
}
