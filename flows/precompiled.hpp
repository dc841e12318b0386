#pragma once

#include <boost/json.hpp>
#include <caf/all.hpp>
