namespace Rvirt.Devices.HostDrivers;

/// <summary>Commands of an SD card in SPI mode, and what it answers (SD Physical Layer Simplified Specification, chapter on SPI mode).</summary>
internal static class SdCommand
{
    /// <summary>GO_IDLE_STATE: resets the card; with the card selected, it is in SPI mode from then on.</summary>
    public const byte GoIdle = 0;

    /// <summary>SEND_IF_COND: cards of version 2 and later send back what they are asked (<see cref="InterfaceCondition"/>).</summary>
    public const byte SendInterfaceCondition = 8;

    /// <summary>SEND_CSD: the card-specific data, a block of <see cref="CardDataBytes"/> bytes.</summary>
    public const byte SendCardData = 9;

    /// <summary>STOP_TRANSMISSION: ends reading of several blocks, or writing that went wrong.</summary>
    public const byte Stop = 12;

    /// <summary>SET_BLOCKLEN, for cards with byte addresses.</summary>
    public const byte SetBlockLength = 16;

    /// <summary>READ_SINGLE_BLOCK.</summary>
    public const byte ReadSingle = 17;

    /// <summary>READ_MULTIPLE_BLOCK.</summary>
    public const byte ReadMultiple = 18;

    /// <summary>WRITE_BLOCK.</summary>
    public const byte WriteSingle = 24;

    /// <summary>WRITE_MULTIPLE_BLOCK.</summary>
    public const byte WriteMultiple = 25;

    /// <summary>SD_SEND_OP_COND, behind <see cref="Application"/>: begins what makes the card ready, and asks whether it is.</summary>
    public const byte SendOperatingCondition = 41;

    /// <summary>APP_CMD: the next command is one of SD cards.</summary>
    public const byte Application = 55;

    /// <summary>READ_OCR: the operating conditions, four bytes.</summary>
    public const byte ReadOperatingConditions = 58;

    /// <summary>CRC_ON_OFF: bit 0 says whether the card checks what it gets.</summary>
    public const byte CheckSums = 59;

    /// <summary>2.7 to 3.6 V, and a pattern that a card sends back.</summary>
    public const uint InterfaceCondition = 0x1aa;

    /// <summary>The bits of it that come back.</summary>
    public const uint InterfaceConditionMask = 0xfff;

    /// <summary>Of the operating conditions that are asked for: the host knows cards of high capacity.</summary>
    public const uint HighCapacityHost = 1u << 30;

    /// <summary>Of the operating conditions: addresses are those of blocks (CCS).</summary>
    public const uint BlockAddresses = 1u << 30;

    /// <summary>Of the operating conditions: the card has powered up.</summary>
    public const uint PoweredUp = 1u << 31;

    /// <summary>Of the operating conditions: more than 2 TiB, which have addresses of their own.</summary>
    public const uint UltraCapacity = 1u << 27;

    /// <summary>Bytes of the card-specific data.</summary>
    public const int CardDataBytes = 16;

    /// <summary>Answer R1: ready, no error.</summary>
    public const byte Ready = 0x00;

    /// <summary>Answer R1: in the idle state, no error.</summary>
    public const byte Idle = 0x01;

    /// <summary>Bit of R1: the card does not know the command.</summary>
    public const byte Illegal = 0x04;

    /// <summary>Bits of R1: address error and parameter error. Which of them says that a sector is beyond the end, cards differ in.</summary>
    public const byte BadAddress = 0x60;

    /// <summary>No answer: R1 has its bit 7 clear.</summary>
    public const byte None = 0xff;

    /// <summary>The byte before a block: of any that is read, and of a single one that is written.</summary>
    public const byte BlockToken = 0xfe;

    /// <summary>The byte before each of several blocks that are written.</summary>
    public const byte NextBlockToken = 0xfc;

    /// <summary>The byte behind the last of several blocks that are written.</summary>
    public const byte EndToken = 0xfd;

    /// <summary>Bits of the answer to a block that was written.</summary>
    public const byte DataAnswerMask = 0x1f;

    /// <summary>These bits where it was accepted.</summary>
    public const byte DataAccepted = 0x05;

    /// <summary>The bits that are clear in the token that comes instead of a block that cannot be read.</summary>
    public const byte ErrorTokenMask = 0xf0;

    /// <summary>Bit of that token: beyond the end.</summary>
    public const byte OutOfRange = 0x08;
}
