// Marks what a shared build of the library exports. CROSSWAKE_EXPORT_ATTRIBUTE is set by the build, which knows the
// compiler and the platform; in a static build there is nothing to mark.
#pragma once

#ifdef CROSSWAKE_EXPORT_ATTRIBUTE
#define CROSSWAKE_EXPORT CROSSWAKE_EXPORT_ATTRIBUTE
#else
#define CROSSWAKE_EXPORT
#endif
