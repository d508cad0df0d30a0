/* cores_sync.c - how many points of a grid are in a circle? One thread counts them.
 *
 * You will see how long that takes, and how much of the machine is at work meanwhile. The
 * checksum is the number of points, in which you can read pi. */

#include "cores.h"

int main(int argc, char *argv[])
{
    struct number radius = {"RADIUS", RADIUS, 1, MOST};

    read_numbers(argc, argv, &radius, 1);
    show_machine();
    show_checksum(show_count(", alone", 0, radius.value, count_alone));
}
