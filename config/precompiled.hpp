#pragma once

#include <string>
#include <vector>

#include <toml++/toml.h>
