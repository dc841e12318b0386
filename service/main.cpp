#include "service/command_line.hpp"

int main(int argc, char** argv) {
  return switchboard::service::run_command_line(argc, argv);
}
