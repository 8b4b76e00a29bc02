package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;

/**
 * The mathematical functions of the device under clang, against Java's, whose StrictMath is within one unit of the last place of the
 * true value, and against {@link ErrorFunction}.
 */
@SuppressWarnings("ImmutableEnumChecker") // the references are StrictMath's and keep nothing
enum ElementaryFunction {
    EXP("exp(x[i])", StrictMath::exp, -750, 720, 3),
    EXP2("exp2(x[i])", x -> StrictMath.pow(2, x), -1080, 1030, 4),
    EXPM1("expm1(x[i])", StrictMath::expm1, -40, 100, 4),
    LOG("log(x[i])", StrictMath::log, 0, 1e300, 3),
    LOG2("log2(x[i])", x -> StrictMath.log(x) / StrictMath.log(2), 0, 1e10, 4),
    LOG10("log10(x[i])", StrictMath::log10, 0, 1e10, 3),
    LOG1P("log1p(x[i])", StrictMath::log1p, -1, 3, 4),
    POW("pow(x[i], y)", x -> StrictMath.pow(x, ElementaryFunction.SECOND), -3, 1e100, 4),
    CBRT("cbrt(x[i])", StrictMath::cbrt, -1e10, 1e10, 4),
    SIN("sin(x[i])", StrictMath::sin, -1e4, 1e4, 3),
    COS("cos(x[i])", StrictMath::cos, -1e4, 1e4, 3),
    TAN("tan(x[i])", StrictMath::tan, -1e4, 1e4, 4),
    SIN_FAR("sin(x[i])", StrictMath::sin, -1e300, 1e300, 3),
    COS_FAR("cos(x[i])", StrictMath::cos, -1e30, 1e30, 3),
    ASIN("asin(x[i])", StrictMath::asin, -1, 1, 5),
    ACOS("acos(x[i])", StrictMath::acos, -1, 1, 5),
    ATAN("atan(x[i])", StrictMath::atan, -20, 20, 3),
    ATAN2("atan2(x[i], y)", x -> StrictMath.atan2(x, ElementaryFunction.SECOND), -20, 20, 3),
    SINH("sinh(x[i])", StrictMath::sinh, -711, 711, 6),
    COSH("cosh(x[i])", StrictMath::cosh, -711, 711, 6),
    TANH("tanh(x[i])", StrictMath::tanh, -30, 30, 6),
    ERF("erf(x[i])", ErrorFunction::erf, -6, 6, 12),
    ERFC("erfc(x[i])", ErrorFunction::erfc, -3, 26, 24),
    HYPOT("hypot(x[i], y)", x -> StrictMath.hypot(x, ElementaryFunction.SECOND), -1e3, 1e3, 3),
    FMOD("fmod(x[i], y)", x -> x % ElementaryFunction.SECOND, -1e30, 1e30, 0),
    ROUND("round(x[i])", x -> StrictMath.copySign(StrictMath.floor(StrictMath.abs(x) + 0.5), x), -1e3, 1e3, 0),
    RINT("rint(x[i])", StrictMath::rint, -1e3, 1e3, 0),
    SQRT("sqrt(x[i])", StrictMath::sqrt, -1, 1e10, 0);

    /** The second argument of those that have two. */
    static final double SECOND = 2.5;

    private static final double[] EDGES = {
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -2.5,
        1e-10,
        -1e-300,
        Double.MIN_VALUE,
        Double.MAX_VALUE,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.NaN
    };
    private static final int RANDOM = 500;

    private final String expression;
    private final DoubleUnaryOperator reference;
    private final double from;
    private final double to;
    private final int units;

    /** @param units of the last place that the result may be off; a float's is always within one */
    ElementaryFunction(String expression, DoubleUnaryOperator reference, double from, double to, int units) {
        this.expression = expression;
        this.reference = reference;
        this.from = from;
        this.to = to;
        this.units = units;
    }

    String expression() {
        return expression;
    }

    /** The edges of double, and random ones, as many of them close to zero as not. */
    double[] arguments() {
        SplittableRandom random = new SplittableRandom(7);
        double[] arguments = new double[EDGES.length + RANDOM];
        System.arraycopy(EDGES, 0, arguments, 0, EDGES.length);
        for (int i = EDGES.length; i < arguments.length; i++) {
            double x = random.nextDouble(from, to);
            arguments[i] = i % 2 == 0 ? x : x * StrictMath.pow(2, -random.nextInt(40));
        }
        return arguments;
    }

    void check(double[] arguments, double[] found) {
        for (int i = 0; i < arguments.length; i++) {
            double wanted = reference.applyAsDouble(arguments[i]);
            double off = StrictMath.ulp(wanted) * units;
            if (Double.isNaN(wanted) || Double.isInfinite(wanted) || units == 0) {
                assertEquals(wanted, found[i], this + " of " + arguments[i]);
            } else {
                assertTrue(
                        StrictMath.abs(wanted - found[i]) <= off,
                        this + " of " + arguments[i] + ": " + found[i] + " instead of " + wanted);
            }
        }
    }

    /** The same in float, with arguments of float. */
    void checkFloat(double[] arguments, double[] found) {
        for (int i = 0; i < arguments.length; i++) {
            float wanted = (float) reference.applyAsDouble((float) arguments[i]);
            float off = Math.ulp(wanted);
            assertTrue(
                    Float.compare(wanted, (float) found[i]) == 0
                            || (Math.abs(wanted - (float) found[i]) <= off && !Float.isInfinite(wanted)),
                    this + " of float " + (float) arguments[i] + ": " + found[i] + " instead of " + wanted);
        }
    }
}
