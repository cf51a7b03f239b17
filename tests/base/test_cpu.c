#include "cpu.h"
#include "harness.h"

#include <stdlib.h>

TEST(cpu_cap_lowers_the_level)
{
    unsetenv("LINNET_CPU");
    enum cpu_isa machine = cpu_isa();
    test_note("this machine: %s, features %#x", cpu_isa_name(machine), cpu_features());
    setenv("LINNET_CPU", "c", 1);
    CHECK_EQ(cpu_isa(), CPU_C);
    CHECK_EQ(cpu_features(), 0);
    setenv("LINNET_CPU", cpu_isa_name(machine), 1);
    CHECK_EQ(cpu_isa(), machine);
    setenv("LINNET_CPU", "", 1);
    CHECK_EQ(cpu_isa(), machine);
}

TEST(cpu_cap_of_a_lower_level_is_kept)
{
    unsetenv("LINNET_CPU");
    enum cpu_isa machine = cpu_isa();
    setenv("LINNET_CPU", "avx2", 1);
    CHECK_EQ(cpu_isa(), machine == CPU_AVX512 || machine == CPU_AVX2 ? CPU_AVX2 : CPU_C);
    setenv("LINNET_CPU", "avx512", 1);
    CHECK_EQ(cpu_isa(), machine == CPU_NEON ? CPU_C : machine);
}

TEST(cpu_unknown_cap_means_plain_c)
{
    setenv("LINNET_CPU", "pdp11", 1);
    CHECK_EQ(cpu_isa(), CPU_C);
    CHECK_STR(cpu_isa_name((enum cpu_isa)99), "unknown");
}
